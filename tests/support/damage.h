// Seeded damage to a text file, for readers that must refuse it or read it, and do nothing else.
#pragma once

#include <cstdint>
#include <string>

namespace posecu {

// One to four pieces cut out or bytes overwritten, by what JSON is made of or by anything.
std::string damaged_json(std::string text, std::uint64_t seed);

}  // namespace posecu
