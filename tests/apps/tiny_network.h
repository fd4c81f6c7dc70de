// Weights files of small networks, for tests of the command line.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "models/network.h"
#include "tests/support/generator.h"

namespace posecu {

// The smallest network that has every part.
inline constexpr NetworkOptions kTinyNetwork{Head::higherhrnet, 8, 1, {1, 1, 1}, 17, 8};

// Weights by the goldens' rule.
void write_weights(const std::filesystem::path& path, const NetworkOptions& options, const GoldenWeightRule& rule = {},
                   const std::map<std::string, std::string>& metadata = {});

// The data set that the project ships: one picture, one person, part "train".
std::filesystem::path one_picture_set();

// A tensor `input` [N,3,H,W] by the goldens' rule.
void write_input(const std::filesystem::path& path, const std::string& name, int n, int h, int w);

}  // namespace posecu
