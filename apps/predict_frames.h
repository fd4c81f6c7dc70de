// `posecu predict MODEL -`: frames of a video on standard input, people out, as fast as the network goes.
#pragma once

#include "apps/arguments.h"
#include "apps/config.h"
#include "apps/evaluation.h"
#include "apps/progress.h"

namespace posecu {

// Reads, computes and writes in three threads; frames stay in order. Throws UsageError when the options do not say
// where to write, InputError naming the first bad frame, after all before it have been written.
void predict_frames(const Arguments& arguments, const Config& config, PeopleFinder& finder, const Skeleton& skeleton,
                    Progress& progress);

// Draws the people that a configuration wants to see (output.min_score, output.show_refined).
void draw_found(Picture& picture, const Skeleton& skeleton, std::span<const Person> people, const Config& config);

}  // namespace posecu
