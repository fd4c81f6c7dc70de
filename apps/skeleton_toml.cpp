#include "apps/skeleton_toml.h"

#include <fmt/format.h>

#include <vector>

namespace posecu {
namespace {

constexpr std::size_t kWidth = 110;  // columns of a line

// "key = [a, b, ...]", in as many lines as it takes.
template <class List, class Text>
std::string format_list(std::string_view key, const List& list, Text text) {
  std::string all = fmt::format("{} = [", key), line;
  std::string separator;
  for (const auto& element : list) {
    const std::string next = text(element);
    if (all.size() - all.rfind('\n') + separator.size() + next.size() > kWidth) {
      while (separator.ends_with(' ')) separator.pop_back();
      separator += "\n  ";
    }
    all += separator + next;
    separator = ", ";
  }
  return all + "]\n";
}

// What every key means, for people who write their own.
struct Explanations {
  std::string_view name, keypoints, flip_pairs, sigmas, edges, grouping_order, colours, num_keypoints;
};
constexpr Explanations kNone{};
constexpr Explanations kExplained{
    .name = "# For messages and results.\n",
    .keypoints = "\n# In the order in which annotations list them.\n",
    .flip_pairs = "\n# Which keypoints change places in a mirrored picture; the others stay.\n",
    .sigmas =
        "\n# For scores (OKS), one a keypoint: how far annotators differ, as a part of the person's size. COCO has\n"
        "# 0.025 for eyes and 0.107 for hips.\n",
    .edges = "\n# Drawn as limbs, in the colour of the second keypoint.\n",
    .grouping_order = "\n# In which order keypoints are gathered into people: begin with those that are seen best.\n",
    .colours = "\n# Red, green, blue.\n",
    .num_keypoints =
        "\n# What num_keypoints of an annotation counts: \"labelled\" keypoints, all with visibility above 0, or what\n"
        "# the file \"stated\", as in CrowdPose.\n"};

}  // namespace

std::string write_toml(const Skeleton& skeleton, SkeletonComments comments) {
  const Explanations& say = comments == SkeletonComments::explained ? kExplained : kNone;
  const auto quoted = [](const std::string& text) { return fmt::format("\"{}\"", text); };
  const auto name = [&](int k) { return quoted(skeleton.keypoints[static_cast<std::size_t>(k)]); };
  const auto pair = [&](const auto& p) { return fmt::format("[{}, {}]", name(p.first), name(p.second)); };
  const auto colour = [](const Skeleton::Colour& c) { return fmt::format("[{}, {}, {}]", c[0], c[1], c[2]); };
  std::vector<std::pair<int, int>> pairs;
  for (int k = 0; k < skeleton.size(); ++k)
    if (const int other = skeleton.flip[static_cast<std::size_t>(k)]; other > k) pairs.emplace_back(k, other);
  std::string toml = fmt::format("{}name = {}\n", say.name, quoted(skeleton.name));
  const auto add = [&toml](std::string_view comment, const std::string& lines) { (toml += comment) += lines; };
  add(say.keypoints, format_list("keypoints", skeleton.keypoints, quoted));
  const bool stated = skeleton.count == KeypointCount::stated_first;
  add(say.num_keypoints, fmt::format("num_keypoints = \"{}\"\n", stated ? "stated" : "labelled"));
  add(say.edges, format_list("edges", skeleton.edges, pair));
  add(say.grouping_order, format_list("grouping_order", skeleton.grouping_order, name));
  add(say.colours, format_list("colours", skeleton.colours, colour));
  // What is required comes last: a text that was cut short is always refused.
  add(say.flip_pairs, format_list("flip_pairs", pairs, pair));
  add(say.sigmas, format_list("sigmas", skeleton.sigmas, [](double sigma) { return fmt::format("{}", sigma); }));
  return toml;
}

}  // namespace posecu
