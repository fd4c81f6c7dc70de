#include "apps/skeleton_toml.h"

#include <fmt/format.h>

namespace posecu {
namespace {

template <class List, class Text>
std::string format_list(const List& list, Text text) {
  std::string line = "[";
  for (const auto& element : list) line += (line.size() > 1 ? ", " : "") + text(element);
  return line + ']';
}

}  // namespace

std::string write_toml(const Skeleton& skeleton) {
  const auto name = [&](int k) { return fmt::format("\"{}\"", skeleton.keypoints[static_cast<std::size_t>(k)]); };
  const auto quoted = [](const std::string& text) { return fmt::format("\"{}\"", text); };
  const auto edge = [&](const auto& pair) { return fmt::format("[{}, {}]", name(pair.first), name(pair.second)); };
  const auto colour = [](const Skeleton::Colour& c) { return fmt::format("[{}, {}, {}]", c[0], c[1], c[2]); };
  const auto number = [](double sigma) { return fmt::format("{}", sigma); };
  std::vector<std::pair<int, int>> pairs;
  for (int k = 0; k < skeleton.size(); ++k)
    if (const int other = skeleton.flip[static_cast<std::size_t>(k)]; other > k) pairs.emplace_back(k, other);
  return fmt::format(
      "name = \"{}\"\nkeypoints = {}\nflip_pairs = {}\nedges = {}\nsigmas = {}\ngrouping_order = {}\ncolours = {}\n",
      skeleton.name, format_list(skeleton.keypoints, quoted), format_list(pairs, edge),
      format_list(skeleton.edges, edge), format_list(skeleton.sigmas, number),
      format_list(skeleton.grouping_order, name), format_list(skeleton.colours, colour));
}

}  // namespace posecu
