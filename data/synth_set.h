// Whole data sets of drawn people (data/synth.h), in the layouts that data/annotations.h reads.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/synth_json.h"

namespace posecu {

struct SynthSplit {
  std::string name;
  int pictures = 0;
};

struct SynthSetOptions {
  SynthOptions pictures;
  SynthLayout layout = SynthLayout::coco;
  std::vector<SynthSplit> splits;
  std::string folder;
  int threads = 1;
};

struct SynthSetSize {
  int pictures = 0, people = 0, labelled = 0;  // labelled: people with a labelled keypoint
};

inline constexpr int kMostSynthPictures = 1'000'000;  // a split

// Asked after each picture, by one thread at a time: how many are done; whether to go on.
using SynthProgress = std::function<bool(int done)>;

// The bytes depend on the options alone, not on threads; a picture's do not depend on how many there are, nor on other
// splits. The folder must be empty or not there (UsageError). Annotations are written last: where they are, everything
// is. After an error, or when `progress` says stop (the result is empty then), nothing is left.
std::optional<SynthSetSize> write_synth_set(const SynthSetOptions& options, const SynthProgress& progress);

}  // namespace posecu
