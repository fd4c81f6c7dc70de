#include "core/checked_size.h"

#include <algorithm>

namespace posecu {

std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

std::optional<std::uint64_t> checked_multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

std::optional<std::uint64_t> checked_round_up(std::uint64_t value, std::uint64_t multiple) {
  if (multiple == 0) return std::nullopt;
  const std::uint64_t beyond = value % multiple;
  return beyond == 0 ? value : checked_add(value, multiple - beyond);
}

bool range_fits(std::uint64_t begin, std::uint64_t length, std::uint64_t total) {
  return begin <= total && length <= total - begin;
}

std::optional<std::uint64_t> checked_elements(std::span<const std::int64_t> shape) {
  if (shape.size() > kMaxAxes) return std::nullopt;
  std::optional<std::uint64_t> elements = 1;
  for (const std::int64_t size : shape) {
    if (size < 0 || size > kMaxAxis) return std::nullopt;
    if (elements) elements = checked_multiply(*elements, static_cast<std::uint64_t>(size));
  }
  return elements;
}

std::optional<std::uint64_t> checked_extent(std::uint64_t offset, std::span<const std::int64_t> shape,
                                            std::span<const std::int64_t> strides) {
  const auto elements = checked_elements(shape);
  if (!elements || shape.size() != strides.size()) return std::nullopt;
  if (std::ranges::any_of(strides, [](std::int64_t stride) { return stride < 0; })) return std::nullopt;
  if (*elements == 0) return 0;
  std::optional<std::uint64_t> last = offset;
  for (std::size_t axis = 0; axis < shape.size() && last; ++axis) {
    const auto step =
        checked_multiply(static_cast<std::uint64_t>(shape[axis] - 1), static_cast<std::uint64_t>(strides[axis]));
    last = step ? checked_add(*last, *step) : std::nullopt;
  }
  return last ? checked_add(*last, 1) : std::nullopt;
}

}  // namespace posecu
