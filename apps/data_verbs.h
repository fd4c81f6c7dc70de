// What `posecu data WORD` does, one function a word, and the data sets that they share.
#pragma once

#include <string>
#include <vector>

#include "apps/arguments.h"
#include "apps/config.h"
#include "data/annotations.h"

namespace posecu {

int run_data_check(const Arguments& arguments);
int run_data_stats(const Arguments& arguments);
int run_data_browse(const Arguments& arguments);

// CONFIG (the second word, unless it names an annotation file) and key=value.
Config data_config(const Arguments& arguments);

// The annotation files that are meant, with their folders of pictures: the one that is named (*.json, --pictures), or
// --part, or all of data.train and data.val. The folder is "" where pictures shall not be read.
std::vector<SplitFiles> data_files(const Arguments& arguments, const Config& config);

}  // namespace posecu
