// `posecu data synth`: data sets of drawn people.
#pragma once

#include <array>

#include "apps/device.h"

namespace posecu {

inline constexpr auto kSynthExamples = std::to_array<Example>({
    {"posecu data synth --out people --count 20 --preset easy", "20 pictures of one to four people, as COCO's train"},
    {"posecu data synth --out crowds --layout crowdpose --preset crowd --split train,val --count 10,2",
     "two splits of pictures of five to twenty people, as CrowdPose's"},
});

// --out and what all verbs have stand in the verb's own list.
inline constexpr auto kSynthOptions = std::to_array<OptionHelp>({
    {"--count", "N[,N...]", "Pictures of each split (synth); default 1000."},
    {"--split", "NAME[,NAME...]", "Names of splits (synth); default train."},
    {"--preset", "NAME", "easy, varied (default) or crowd (synth)."},
    {"--size", "WxH", "Pictures' width and height (synth); default 320x240."},
    {"--layout", "NAME", "coco (default) or crowdpose (synth)."},
    {"--seed", "N", "Other people for another number (synth); default 0."},
});

int run_data_synth(const Arguments& arguments);

}  // namespace posecu
