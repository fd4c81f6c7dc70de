#include "core/device_targets.h"

#include <algorithm>
#include <span>

namespace posecu {
namespace {

constexpr int kLeastPeople = 32;

std::vector<TargetBuffer::Size> sizes_of(const Targets& targets) {
  std::vector<TargetBuffer::Size> sizes;
  for (const ResolutionTargets& resolution : targets.resolutions)
    sizes.push_back({resolution.width, resolution.height});
  return sizes;
}

// The first elements of a tensor, as many as `from` has.
template <class T>
void upload_front(Context& context, const Tensor<T>& to, const std::vector<T>& from) {
  context.upload(View<T>(to.data(), {static_cast<int>(from.size())}), from);
}

void check(const Targets& targets) {
  const std::size_t people = targets.scales.size();
  require(targets.first_person.size() == static_cast<std::size_t>(targets.pictures) + 1 &&
              targets.first_person.back() == static_cast<int>(people),
          "people are assigned to pictures");
  for (const ResolutionTargets& labels : targets.resolutions) {
    require(labels.keypoints.size() == people * static_cast<std::size_t>(targets.keypoints) * 3,
            "every person has K labels");
    const std::size_t pixels = static_cast<std::size_t>(targets.pictures) * static_cast<std::size_t>(labels.height) *
                               static_cast<std::size_t>(labels.width);
    require(labels.masks.empty() || labels.masks.size() == pixels, "every pixel has a mask");
  }
}

}  // namespace

TargetBuffer::TargetBuffer(Context& context, int pictures, int keypoints, const std::vector<Size>& sizes)
    : most_pictures_(pictures), keypoints_(keypoints), pictures_(pictures), sizes_(sizes) {
  first_person_ = context.tensor<int>({pictures + 1});
  for (const Size& size : sizes) masks_.push_back(context.tensor<std::uint8_t>({pictures, size.height, size.width}));
  reserve(context, kLeastPeople);
}

TargetBuffer::TargetBuffer(Context& context, const Targets& targets)
    : TargetBuffer(context, targets.pictures, targets.keypoints, sizes_of(targets)) {
  upload(context, targets);
}

void TargetBuffer::reserve(Context& context, int people) {
  if (people <= capacity_) return;
  capacity_ = std::max(capacity_, kLeastPeople);
  while (capacity_ < people) capacity_ *= 2;
  scales_.reset();
  labels_.clear();
  scales_ = context.tensor<double>({capacity_});
  for (std::size_t r = 0; r < sizes_.size(); ++r) labels_.push_back(context.tensor<float>({capacity_, keypoints_, 3}));
}

TargetBuffer::Places TargetBuffer::upload(Context& context, const Targets& targets) {
  check(targets);
  require(targets.pictures <= most_pictures_ && targets.keypoints == keypoints_ &&
              targets.resolutions.size() == sizes_.size(),
          "targets fit the buffer");
  const int before = capacity_;
  reserve(context, static_cast<int>(targets.scales.size()));
  pictures_ = targets.pictures;
  upload_front(context, first_person_, targets.first_person);
  upload_front(context, scales_, targets.scales);
  for (std::size_t r = 0; r < sizes_.size(); ++r) {
    const ResolutionTargets& labels = targets.resolutions[r];
    require(labels.width == sizes_[r].width && labels.height == sizes_[r].height, "targets fit the buffer");
    upload_front(context, labels_[r], labels.keypoints);
    if (!labels.masks.empty()) context.upload(masks(r), labels.masks);
  }
  return before == capacity_ ? Places::kept : Places::moved;
}

View<std::uint8_t> TargetBuffer::masks(std::size_t resolution) const {
  return {masks_[resolution].data(), {pictures_, sizes_[resolution].height, sizes_[resolution].width}};
}

DeviceTargets TargetBuffer::targets() const {
  DeviceTargets result{.pictures = pictures_,
                       .keypoints = keypoints_,
                       .capacity = capacity_,
                       .first_person = {first_person_.data(), {pictures_ + 1}},
                       .scales = scales_,
                       .resolutions = {}};
  for (std::size_t r = 0; r < sizes_.size(); ++r) result.resolutions.push_back({labels_[r], masks(r)});
  return result;
}

}  // namespace posecu
