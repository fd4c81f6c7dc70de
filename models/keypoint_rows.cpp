#include "models/keypoint_rows.h"

#include <algorithm>
#include <string_view>

namespace posecu {
namespace {

constexpr std::string_view kInputs = "head.deconv_layers.0.weight";

bool is_output(std::string_view name) {
  return name.starts_with("head.hms_pred_layers.") || name.starts_with("head.tms_pred_layers.");
}

// How a tensor's first axis is divided: `before` rows of something else, then `each` rows for each keypoint.
struct Division {
  int before, each;
};
Division divide(const Parameter& parameter, int keypoints) {
  const int rows = parameter.shape[0];
  if (parameter.name == kInputs) return {rows - keypoints, 1};
  return {0, rows / keypoints};
}

}  // namespace

KeypointRows::KeypointRows(const std::vector<std::string>& file, const std::vector<std::string>& network) {
  if (file == network) return;
  file_count_ = static_cast<int>(file.size());
  for (const std::string& name : network) {
    const auto found = std::ranges::find(file, name);
    const bool there = found != file.end();
    keypoints_.push_back({name, there ? std::optional(static_cast<int>(found - file.begin())) : std::nullopt});
  }
}

bool KeypointRows::covers(const Parameter& parameter, const StoredTensor& tensor) const {
  if (keypoints_.empty() || (parameter.name != kInputs && !is_output(parameter.name))) return false;
  if (static_cast<std::size_t>(parameter.shape.rank()) != tensor.shape.size()) return false;
  for (int axis = 1; axis < parameter.shape.rank(); ++axis) {
    if (parameter.shape[axis] != tensor.shape[static_cast<std::size_t>(axis)]) return false;
  }
  const int count = static_cast<int>(keypoints_.size());
  const auto [before, each] = divide(parameter, count);
  return before >= 0 && parameter.shape[0] == before + each * count &&
         tensor.shape[0] == before + std::int64_t{each} * file_count_;
}

void KeypointRows::carry(std::vector<float>& values, const std::vector<float>& stored,
                         const Parameter& parameter) const {
  const auto [before, each] = divide(parameter, static_cast<int>(keypoints_.size()));
  const std::size_t row = values.size() / static_cast<std::size_t>(parameter.shape[0]);
  const auto copy_rows = [&](int to, int from, int count) {
    const auto begin = stored.begin() + static_cast<std::ptrdiff_t>(row) * from;
    std::copy(begin, begin + static_cast<std::ptrdiff_t>(row) * count,
              values.begin() + static_cast<std::ptrdiff_t>(row) * to);
  };
  copy_rows(0, 0, before);
  for (int k = 0; k < static_cast<int>(keypoints_.size()); ++k) {
    const std::optional<int> from = keypoints_[static_cast<std::size_t>(k)].from;
    if (from) copy_rows(before + k * each, before + *from * each, each);
  }
}

}  // namespace posecu
