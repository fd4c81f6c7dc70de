#include "data/sample.h"

#include <fmt/format.h>

#include <utility>

#include "core/error.h"
#include "core/random.h"

namespace posecu {

void check_sample_options(const SampleOptions& options) {
  if (options.input_size <= 0) throw UsageError(fmt::format("an input of {} pixels is none", options.input_size));
  for (const int stride : options.strides)
    if (stride <= 0 || options.input_size % stride != 0)
      throw UsageError(
          fmt::format("the input size {} is not a multiple of {}, the heatmaps' stride", options.input_size, stride));
  const AugmentOptions& augment = options.augment;
  if (!(augment.scale[0] > 0 && augment.scale[0] <= augment.scale[1]))
    throw UsageError(fmt::format("scales from {} to {} are no range", augment.scale[0], augment.scale[1]));
}

PreparedSample prepare_sample(Picture picture, const PictureLabel& label, const DataSet& set,
                              const Augmentation& augmentation, const SampleOptions& options) {
  const int width = picture.width, height = picture.height, size = options.input_size;
  PreparedSample sample;
  SampleLabels& labels = sample.labels;
  if (width != label.width || height != label.height)
    labels.remark = fmt::format("{}: {} x {} pixels, the annotations say {} x {}", label.path, width, height,
                                label.width, label.height);

  const Affine map = sample_map(augmentation, width, height, size);
  sample.raw.mirror = augmentation.mirror;
  sample.raw.to_image = warp_places(map, size, size);
  sample.raw.mask = training_mask_bits(label, width, height, set.annotation_file);
  sample.raw.picture = std::move(picture);

  const std::vector<const Annotation*> people = training_people(label);
  for (const Annotation* person : people) labels.scales.push_back(person_scale(warp_box(person->bbox, map), size));
  for (const int stride : options.strides) {
    const int map_size = size / stride;
    const Affine to_heatmap = sample_map(augmentation, width, height, map_size);
    sample.raw.to_heatmaps.push_back(warp_places(to_heatmap, map_size, map_size));
    labels.keypoints.push_back(warp_keypoints(people, set.skeleton, to_heatmap, map_size, augmentation.mirror));
  }
  return sample;
}

PreparedSample read_sample(const PictureLabel& label, const DataSet& set, std::int64_t epoch,
                           const SampleOptions& options) {
  Picture picture = read_picture(label, options.damaged);
  Random random(options.seed, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(label.id),
                RandomPurpose::augmentation);
  const Augmentation augmentation = draw_augmentation(options.augment, picture.width, picture.height, random);
  return prepare_sample(std::move(picture), label, set, augmentation, options);
}

SampleLabels make_sample(float* image, PreparedSample prepared) {
  const RawSample& raw = prepared.raw;
  warp_normalised(image, raw.picture, raw.to_image, raw.mirror);
  for (const WarpPlaces& places : raw.to_heatmaps)
    prepared.labels.masks.push_back(warp_mask(raw.mask, places, raw.mirror));
  return std::move(prepared.labels);
}

}  // namespace posecu
