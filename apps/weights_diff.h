// `posecu weights diff`: which tensors of two files differ, and by how much.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/safetensors.h"

namespace posecu {

struct TensorDifference {
  enum class Kind { only_first, only_second, shape, type, values } kind;
  std::string name;
  std::string first, second;  // type and shape, where both have it
  // Of values in tensors of one shape: how many differ, the largest difference (of numbers), and where it is.
  std::size_t count = 0;
  double largest = 0;
  std::size_t at = 0;
};

// By name. Equal bits are equal, so NaN of the same bits is too; of two types, values are compared as numbers.
std::vector<TensorDifference> diff_tensors(const Safetensors& first, const Safetensors& second);

std::string diff_text(const std::string& first, const std::string& second, const std::vector<TensorDifference>& diff);
std::string diff_json(const std::string& first, const std::string& second, const std::vector<TensorDifference>& diff);

}  // namespace posecu
