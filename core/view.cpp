#include "core/view.h"

#include <fmt/format.h>

namespace posecu {

Shape::Shape(std::initializer_list<int> sizes) {
  require(sizes.size() <= kMaxRank, "a shape has at most five axes");
  for (const int size : sizes) {
    require(size >= 0, "the size of an axis is negative");
    sizes_[static_cast<std::size_t>(rank_++)] = size;
  }
}

std::size_t Shape::elements() const {
  if (rank_ == 0) return 0;
  std::size_t n = 1;
  for (int axis = 0; axis < rank_; ++axis) {
    require(!__builtin_mul_overflow(n, static_cast<std::size_t>((*this)[axis]), &n), "a shape has too many elements");
  }
  return n;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int axis = 0; axis < shape.rank(); ++axis) text += fmt::format("{}{}", axis == 0 ? "" : ",", shape[axis]);
  return text + "]";
}

}  // namespace posecu
