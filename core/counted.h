// Numbers of things in messages: "1 picture", "12 pictures", "1 person", "3 people".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace posecu {

inline std::string counted(std::size_t n, std::string_view one, std::string_view many) {
  return std::to_string(n).append(" ").append(n == 1 ? one : many);
}
inline std::string counted_pictures(std::size_t n) { return counted(n, "picture", "pictures"); }
inline std::string counted_people(std::size_t n) { return counted(n, "person", "people"); }

}  // namespace posecu
