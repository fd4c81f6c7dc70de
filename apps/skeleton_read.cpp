// Reads a skeleton from TOML.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "apps/skeleton_toml.h"
#include "apps/suggestion.h"
#include "apps/toml.h"
#include "apps/toml_nesting.h"
#include "core/error.h"
#include "core/file.h"
#include "kernels/heatmap_loss.h"

namespace posecu {
namespace {

constexpr std::uint64_t kMaxBytes = 1 << 20;

constexpr auto kKeys = std::to_array<std::string_view>(
    {"name", "keypoints", "flip_pairs", "sigmas", "edges", "grouping_order", "colours", "num_keypoints"});

class SkeletonReader {
 public:
  SkeletonReader(const toml::table& table, const std::string& file) : table_(table), file_(file) {}

  Skeleton read() {
    for (const auto& [key, node] : table_)
      if (std::ranges::find(kKeys, key.str()) == kKeys.end())
        fail(node, fmt::format("unknown key {}{}", key.str(), did_you_mean(key.str(), kKeys)));
    skeleton_.name = text("name", need("name"));
    read_keypoints();
    read_flip_pairs();
    read_sigmas();
    read_edges();
    read_grouping_order();
    read_colours();
    read_count();
    check_skeleton(skeleton_, file_);
    return std::move(skeleton_);
  }

 private:
  [[noreturn]] void fail(const toml::node& node, std::string_view problem) const {
    throw InputError(file_, fmt::format("line {}", node.source().begin.line), problem);
  }
  [[noreturn]] void fail(std::string_view key, const toml::node& node, std::string_view problem) const {
    fail(node, fmt::format("{}: {}", key, problem));
  }

  const toml::node& need(std::string_view key) const {
    if (const toml::node* node = table_.get(key)) return *node;
    throw InputError(file_, "", fmt::format("{} is missing\n  try: posecu config skeleton coco, for an example", key));
  }

  const toml::array& list(std::string_view key, const toml::node& node, std::string_view expected) const {
    if (!node.is_array()) fail(key, node, fmt::format("expected a list of {}", expected));
    return *node.as_array();
  }
  // One entry a keypoint.
  const toml::array& full_list(std::string_view key, const toml::node& node, std::string_view expected) const {
    const toml::array& entries = list(key, node, expected);
    if (entries.size() != skeleton_.keypoints.size())
      fail(key, node,
           fmt::format("expected {} {}, one a keypoint, found {}", skeleton_.keypoints.size(), expected,
                       entries.size()));
    return entries;
  }

  // A text that can be printed and quoted as it is.
  std::string text(std::string_view key, const toml::node& node) const {
    const auto value = node.value_exact<std::string>();
    if (!value) fail(key, node, "expected a text");
    const bool printable =
        std::ranges::none_of(*value, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f || c == '"' || c == '\\'; });
    if (value->empty() || value->size() > 100 || !printable)
      fail(key, node, "expected a text of 1 to 100 bytes without quotes, backslashes and control characters");
    return *value;
  }

  int keypoint(std::string_view key, const toml::node& node) const {
    const std::string name = text(key, node);
    const auto found = std::ranges::find(skeleton_.keypoints, name);
    if (found != skeleton_.keypoints.end()) return static_cast<int>(found - skeleton_.keypoints.begin());
    const std::vector<std::string_view> names(skeleton_.keypoints.begin(), skeleton_.keypoints.end());
    fail(key, node, fmt::format("there is no keypoint {}{}", name, did_you_mean(name, names)));
  }

  // Two different keypoints.
  std::pair<int, int> pair(std::string_view key, const toml::node& node) const {
    const toml::array& entries = list(key, node, "pairs of keypoints");
    if (entries.size() != 2) fail(key, node, fmt::format("expected a pair of keypoints, found {}", entries.size()));
    const std::pair<int, int> pair{keypoint(key, entries[0]), keypoint(key, entries[1])};
    if (pair.first == pair.second) fail(key, node, fmt::format("{} is paired with itself", name_of(pair.first)));
    return pair;
  }

  const std::string& name_of(int k) const { return skeleton_.keypoints[static_cast<std::size_t>(k)]; }

  void read_keypoints() {
    const toml::node& node = need("keypoints");
    const toml::array& names = list("keypoints", node, "names");
    if (names.empty() || names.size() > kMaxHeatmapChannels)
      fail("keypoints", node, fmt::format("expected 1 to {} names, found {}", kMaxHeatmapChannels, names.size()));
    for (const toml::node& element : names) {
      std::string name = text("keypoints", element);
      if (std::ranges::find(skeleton_.keypoints, name) != skeleton_.keypoints.end())
        fail("keypoints", element, fmt::format("{} is there twice", name));
      skeleton_.keypoints.push_back(std::move(name));
    }
  }

  void read_flip_pairs() {
    const toml::node& node = need("flip_pairs");
    std::vector<int>& flip = skeleton_.flip;
    flip.resize(skeleton_.keypoints.size());
    std::iota(flip.begin(), flip.end(), 0);
    for (const toml::node& element : list("flip_pairs", node, "pairs of keypoints")) {
      const auto [a, b] = pair("flip_pairs", element);
      for (const int k : {a, b})
        if (flip[static_cast<std::size_t>(k)] != k)
          fail("flip_pairs", element, fmt::format("{} is in a pair already", name_of(k)));
      flip[static_cast<std::size_t>(a)] = b;
      flip[static_cast<std::size_t>(b)] = a;
    }
    check_sides(node);
  }

  // Left and right that were forgotten would be mixed up by every mirrored picture, and nothing would show it.
  void check_sides(const toml::node& node) const {
    for (int k = 0; k < skeleton_.size(); ++k) {
      if (!name_of(k).starts_with("left_") || skeleton_.flip[static_cast<std::size_t>(k)] != k) continue;
      const std::string other = "right_" + name_of(k).substr(5);
      if (std::ranges::find(skeleton_.keypoints, other) != skeleton_.keypoints.end())
        fail("flip_pairs", node, fmt::format("{} and {} are in no pair", name_of(k), other));
    }
  }

  void read_sigmas() {
    for (const toml::node& element : full_list("sigmas", need("sigmas"), "numbers")) {
      const auto sigma = element.value<double>();
      if (!sigma || !(*sigma > 0) || !std::isfinite(*sigma)) fail("sigmas", element, "expected a positive number");
      skeleton_.sigmas.push_back(*sigma);
    }
  }

  void read_edges() {
    const toml::node* node = table_.get("edges");
    if (node == nullptr) return;
    for (const toml::node& element : list("edges", *node, "pairs of keypoints")) {
      skeleton_.edges.push_back(pair("edges", element));
      if (skeleton_.edges.size() > std::size_t{kMaxHeatmapChannels} * kMaxHeatmapChannels)
        fail("edges", element, "there are more than pairs of keypoints");
    }
  }

  void read_grouping_order() {
    std::vector<int>& order = skeleton_.grouping_order;
    const toml::node* node = table_.get("grouping_order");
    if (node == nullptr) {
      order.resize(skeleton_.keypoints.size());
      std::iota(order.begin(), order.end(), 0);
      return;
    }
    for (const toml::node& element : full_list("grouping_order", *node, "keypoints")) {
      const int k = keypoint("grouping_order", element);
      if (std::ranges::find(order, k) != order.end())
        fail("grouping_order", element, fmt::format("{} is there twice", name_of(k)));
      order.push_back(k);
    }
  }

  void read_colours() {
    const toml::node* node = table_.get("colours");
    if (node == nullptr) {
      skeleton_.colours = colours_by_side(skeleton_.keypoints);
      return;
    }
    for (const toml::node& element : full_list("colours", *node, "colours")) {
      const toml::array& parts = list("colours", element, "colours");
      Skeleton::Colour& colour = skeleton_.colours.emplace_back();
      for (std::size_t i = 0; i < 3; ++i) {
        const auto part = i < parts.size() ? parts[i].value_exact<std::int64_t>() : std::nullopt;
        if (parts.size() != 3 || !part || *part < 0 || *part > 255)
          fail("colours", element, "expected [red, green, blue], whole numbers from 0 to 255");
        colour[i] = static_cast<std::uint8_t>(*part);
      }
    }
  }

  void read_count() {
    const toml::node* node = table_.get("num_keypoints");
    if (node == nullptr) return;
    const auto choice = node->value_exact<std::string>();
    if (choice != "labelled" && choice != "stated") fail("num_keypoints", *node, "expected labelled or stated");
    if (choice == "stated") skeleton_.count = KeypointCount::stated_first;
  }

  const toml::table& table_;
  const std::string& file_;
  Skeleton skeleton_;
};

}  // namespace

Skeleton parse_skeleton(std::string_view toml, const std::string& origin) {
  if (const int line = line_of_deep_nesting(toml); line > 0)
    throw InputError(origin, fmt::format("line {}", line), "nested too deeply for a skeleton");
  try {
    const toml::table table = toml::parse(toml);
    return SkeletonReader(table, origin).read();
  } catch (const toml::parse_error& error) {
    throw InputError(origin, fmt::format("line {}", error.source().begin.line), error.description());
  }
}

Skeleton read_skeleton(const std::string& path) { return parse_skeleton(read_text_file(path, kMaxBytes), path); }

}  // namespace posecu
