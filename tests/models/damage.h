// Seeded damage to files, for tests of readers: what comes out is read to the same content, or refused with a place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace posecu {

// One to three of: a flipped bit, another byte, a number at a border (0, -1, 2^k) of 1 to 8 bytes, bytes cut out, bytes
// put in, two parts exchanged, a part written over another, the end cut off. The same for the same seed and number.
std::vector<std::byte> damaged(std::vector<std::byte> bytes, std::uint64_t seed, std::uint64_t number);

}  // namespace posecu
