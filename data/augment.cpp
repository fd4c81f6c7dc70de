#include "data/augment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/error.h"

namespace posecu {
namespace {

// The sides of the region that is seen, in picture pixels: products in float.
std::array<float, 2> region(double scale, int width, int height) {
  const auto factor = static_cast<float>(scale);
  return {static_cast<float>(width) * factor, static_cast<float>(height) * factor};
}

int draw(TranslationRange range, Random& random) {
  return range.limit > range.least ? range.least + random.below(range.limit - range.least) : 0;
}

// Is this annotation's region left out of training?
bool is_masked(const Annotation& annotation) { return annotation.iscrowd || annotation.num_keypoints == 0; }

}  // namespace

std::array<TranslationRange, 2> translation_ranges(const AugmentOptions& options, double scale, int width, int height) {
  std::array<TranslationRange, 2> ranges;
  const std::array<float, 2> sides = region(scale, width, height);
  for (std::size_t i = 0; i < 2; ++i) {
    const double most = options.translation * static_cast<double>(sides[i]) / kScaleUnit;
    ranges[i] = {static_cast<int>(-most), static_cast<int>(most)};
  }
  return ranges;
}

Augmentation draw_augmentation(const AugmentOptions& options, int width, int height, Random& random) {
  Augmentation result;
  result.scale = random.uniform() * (options.scale[1] - options.scale[0]) + options.scale[0];
  result.rotation_deg = (2 * random.uniform() - 1) * options.rotation;
  const auto [x_range, y_range] = translation_ranges(options, result.scale, width, height);
  result.dx = draw(x_range, random);
  result.dy = draw(y_range, random);
  result.mirror = random.chance(options.flip) ? Mirror::yes : Mirror::no;
  return result;
}

Affine sample_map(const Augmentation& augmentation, int width, int height, int size) {
  const auto [w, h] = region(augmentation.scale, width, height);
  // The target is square: the short side decides. A wide picture's goes through the target's size and back.
  const double side = w < h ? static_cast<double>(w) : static_cast<double>(h) / size * size;
  constexpr float kUnit = kScaleUnit;
  const float scale = static_cast<float>(side) / kUnit * kUnit;
  const Point centre{width / 2.0 + augmentation.dx, height / 2.0 + augmentation.dy};
  return official_map(centre, scale, augmentation.rotation_deg, size, size);
}

Mask training_mask(const PictureLabel& label, int width, int height, const std::string& file) {
  Mask mask{width, height,
            std::vector<std::uint8_t>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 255)};
  for (const Annotation& annotation : label.annotations) {
    if (!is_masked(annotation)) continue;
    try {
      paint(mask, annotation.segmentation, 0);
    } catch (const std::invalid_argument& error) {
      throw InputError(file, fmt::format("annotation {}", annotation.id),
                       fmt::format("segmentation: {}", error.what()));
    }
  }
  return mask;
}

MaskBits training_mask_bits(const PictureLabel& label, int width, int height, const std::string& file) {
  if (std::ranges::none_of(label.annotations, is_masked)) return {width, height, {}};
  return mask_bits(training_mask(label, width, height, file));
}

std::vector<const Annotation*> training_people(const PictureLabel& label) {
  std::vector<const Annotation*> people;
  for (const Annotation& annotation : label.annotations)
    if (!annotation.iscrowd || annotation.num_keypoints > 0) people.push_back(&annotation);
  return people;
}

std::vector<float> warp_keypoints(std::span<const Annotation* const> people, const Skeleton& skeleton,
                                  const Affine& map, int size, Mirror mirror) {
  std::vector<float> result;
  result.reserve(people.size() * skeleton.keypoints.size() * 3);
  for (const Annotation* person : people)
    for (std::size_t k = 0; k < skeleton.keypoints.size(); ++k) {
      const std::size_t source = mirror == Mirror::yes ? static_cast<std::size_t>(skeleton.flip[k]) : k;
      const double* joint = person->keypoints.data() + 3 * source;
      const Point moved = map({static_cast<float>(joint[0]), static_cast<float>(joint[1])});
      const auto x = static_cast<float>(moved.x);
      result.push_back(mirror == Mirror::yes ? static_cast<float>(size) - x - 1 : x);
      result.push_back(static_cast<float>(moved.y));
      result.push_back(static_cast<float>(joint[2]));
    }
  return result;
}

std::array<Point, 4> warp_box(const std::array<double, 4>& box, const Affine& map) {
  const double x = static_cast<float>(box[0]), y = static_cast<float>(box[1]);
  const double right = static_cast<float>(box[0]) + static_cast<float>(box[2]);
  const double bottom = static_cast<float>(box[1]) + static_cast<float>(box[3]);
  return {map({x, y}), map({x, bottom}), map({right, y}), map({right, bottom})};
}

double person_scale(const std::array<Point, 4>& corners, int input_size) {
  const auto distance = [](Point a, Point b) {
    return std::sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));
  };
  const double height = distance(corners[0], corners[1]), width = distance(corners[0], corners[2]);
  return std::sqrt(height * width / (static_cast<double>(input_size) * input_size));
}

}  // namespace posecu
