#include "apps/weights_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "apps/skeleton_toml.h"
#include "core/error.h"
#include "training/checkpoint.h"

namespace posecu {
namespace {

constexpr std::size_t kShownNames = 5;

std::string first_names(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShownNames); ++i) text += (i > 0 ? ", " : "") + names[i];
  return names.size() > kShownNames ? fmt::format("{} and {} more", text, names.size() - kShownNames) : text;
}

std::string keypoint_table(const std::vector<CarriedKeypoint>& keypoints) {
  std::string text = "\n  keypoints differ; the head's rows are carried over by name:";
  for (const CarriedKeypoint& keypoint : keypoints) {
    text += fmt::format("\n    {:<16} {}", keypoint.name,
                        keypoint.from ? fmt::format("from the file's keypoint {}", *keypoint.from)
                                      : std::string("fresh: the file has none of that name"));
  }
  return text;
}

}  // namespace

WeightsLimits weights_limits(const Arguments& arguments) {
  WeightsLimits limits;
  if (arguments.given("--allow-non-finite")) limits.non_finite = NonFinite::allow;
  const auto text = arguments.value("--max-model-bytes");
  if (!text) return limits;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, limits.max_bytes);
  if (error != std::errc() || stop != end || limits.max_bytes == 0)
    throw UsageError(fmt::format("--max-model-bytes: expected a number of bytes, found {}", *text));
  return limits;
}

std::vector<std::string> left_out(const NameMap& names) {
  std::map<std::string, int> counts;
  for (const TensorFate& fate : names.fates)
    if (!fate.ignored.empty()) ++counts[fate.ignored];
  std::vector<std::string> lines;
  for (const auto& [reason, count] : counts) lines.push_back(fmt::format("{} {}", count, reason));
  return lines;
}

std::string coverage_text(const std::string& file, const NameMap& names, const LoadReport& report) {
  const auto ignored = std::ranges::count_if(names.fates, [](const TensorFate& f) { return !f.ignored.empty(); });
  std::string text =
      fmt::format("{}: {}; {} tensors matched, {} missing, {} unused, {} left out by rule", file,
                  to_string(names.family), report.matched.size(), report.missing.size(), report.unused.size(), ignored);
  if (!names.remark.empty()) text += "\n  " + names.remark;
  if (!report.missing.empty()) text += "\n  missing, so they stay fresh: " + first_names(report.missing);
  if (!report.unused.empty()) text += "\n  unused: " + first_names(report.unused);
  if (names.family != WeightsFamily::official)
    for (const std::string& line : left_out(names)) text += "\n  left out: " + line;
  if (!report.keypoints.empty()) text += keypoint_table(report.keypoints);
  return text;
}

FileKeypoints keypoints_of(const Safetensors& weights) {
  if (const auto stored = weights.metadata().find(std::string(kSkeletonKey)); stored != weights.metadata().end())
    return {parse_skeleton(stored->second, weights.path() + " (metadata)").keypoints, ""};
  const int count = recognise_parts(weights).keypoints;
  for (const Skeleton* skeleton : {&coco_skeleton(), &crowdpose_skeleton()})
    if (skeleton->size() == count) return {skeleton->keypoints, skeleton->name};
  return {};
}

}  // namespace posecu
