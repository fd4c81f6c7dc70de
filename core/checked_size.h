// Arithmetic on sizes that a file states: every sum, product and round-up that could wrap around goes through here, and
// nothing is allocated or indexed by such a number before it has.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace posecu {

// Empty: the result needs more than 64 bits.
std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b);
std::optional<std::uint64_t> checked_multiply(std::uint64_t a, std::uint64_t b);
std::optional<std::uint64_t> checked_round_up(std::uint64_t value, std::uint64_t multiple);  // empty for multiple 0 too

// Whether [begin, begin + length) lies within [0, total).
bool range_fits(std::uint64_t begin, std::uint64_t length, std::uint64_t total);

// What a file may have: at most 32768 tensors (a checkpoint of the largest network has 4500); and a tensor: at most
// eight axes of at most 2^31.
inline constexpr std::size_t kMaxTensors = std::size_t{1} << 15;
inline constexpr std::size_t kMaxAxes = 8;
inline constexpr std::int64_t kMaxAxis = std::int64_t{1} << 31;

// The number of elements of a tensor; empty when it has too many axes, a negative or too large one, or too many
// elements.
std::optional<std::uint64_t> checked_elements(std::span<const std::int64_t> shape);

// One past the largest index that a strided tensor reads from its storage, 0 when it has no elements; empty when sizes
// or strides are negative, their numbers differ, or an index needs more than 64 bits.
std::optional<std::uint64_t> checked_extent(std::uint64_t offset, std::span<const std::int64_t> shape,
                                            std::span<const std::int64_t> strides);

}  // namespace posecu
