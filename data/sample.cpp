#include "data/sample.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/random.h"
#include "data/warp.h"

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

SampleLabels make_sample(float* image, const Picture& picture, const PictureLabel& label, const DataSet& set,
                         const Augmentation& augmentation, const SampleOptions& options) {
  const Stream stream;  // a sample is one thread's work
  const auto map_to = [&](int size) { return sample_map(augmentation, picture.width, picture.height, size); };
  SampleLabels labels;
  if (picture.width != label.width || picture.height != label.height)
    labels.remark = fmt::format("{}: {} x {} pixels, the annotations say {} x {}", label.path, picture.width,
                                picture.height, label.width, label.height);

  const int size = options.input_size;
  const Affine map = map_to(size);
  normalise(stream, image, warp(stream, picture, map, size, size), augmentation.mirror);

  const std::vector<const Annotation*> people = training_people(label);
  for (const Annotation* person : people) labels.scales.push_back(person_scale(warp_box(person->bbox, map), size));

  const Mask mask = training_mask(label, picture.width, picture.height, set.annotation_file);
  for (const int stride : options.strides) {
    const int map_size = size / stride;
    const Affine to_heatmap = map_to(map_size);
    labels.keypoints.push_back(warp_keypoints(people, set.skeleton, to_heatmap, map_size, augmentation.mirror));
    labels.masks.push_back(warp_mask(stream, mask, to_heatmap, map_size, map_size, augmentation.mirror));
  }
  return labels;
}

SampleLabels read_sample(float* image, const PictureLabel& label, const DataSet& set, std::int64_t epoch,
                         const SampleOptions& options) {
  const Picture picture = read_picture(label.path, options.damaged);
  Random random(options.seed, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(label.id),
                RandomPurpose::augmentation);
  const Augmentation augmentation = draw_augmentation(options.augment, picture.width, picture.height, random);
  return make_sample(image, picture, label, set, augmentation, options);
}

}  // namespace posecu
