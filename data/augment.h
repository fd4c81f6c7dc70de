// From a picture and its labels to a training sample, as the official code does: drawn scale, rotation, translation
// and flip, one affine warp, masks, keypoints in heatmap pixels, scales of people.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/context.h"
#include "core/random.h"
#include "data/affine.h"
#include "data/annotations.h"
#include "data/mask.h"
#include "data/picture.h"
#include "kernels/warp_affine.h"

namespace posecu {

struct AugmentOptions {
  std::array<double, 2> scale{0.75, 1.5};  // of the region on the short side: more shows smaller people
  double rotation = 30;                    // at most, in degrees, either way
  double translation = 40;                 // at most, in 1/200 of the region's sides, either way
  double flip = 0.5;                       // probability
};

// What was drawn for one sample.
struct Augmentation {
  double scale = 1, rotation_deg = 0;
  int dx = 0, dy = 0;  // of the region's centre, in picture pixels
  Mirror mirror = Mirror::no;
};

// Draws lie in [least, limit); where they are equal, nothing is drawn and 0 stands.
struct TranslationRange {
  int least = 0, limit = 0;
};
std::array<TranslationRange, 2> translation_ranges(const AugmentOptions& options, double scale, int width, int height);

Augmentation draw_augmentation(const AugmentOptions& options, int width, int height, Random& random);

// The map of a picture of width x height onto size x size pixels.
Affine sample_map(const Augmentation& augmentation, int width, int height, int size);

// 255 where training counts, 0 in crowds and in people without labelled keypoints. The size is the picture's own.
// Throws InputError naming `file` if run lengths are of another size.
Mask training_mask(const PictureLabel& label, int width, int height, const std::string& file);

// The same as bits.
MaskBits training_mask_bits(const PictureLabel& label, int width, int height, const std::string& file);

// All people but crowds without labelled keypoints.
std::vector<const Annotation*> training_people(const PictureLabel& label);

// [P,K,3] in pixels of a heatmap of `size` x `size` to which `map` leads: x, y, visibility; not cut to integers.
std::vector<float> warp_keypoints(std::span<const Annotation* const> people, const Skeleton& skeleton,
                                  const Affine& map, int size, Mirror mirror);

// The box's corners where `map` leads: top left, bottom left, top right, bottom right.
std::array<Point, 4> warp_box(const std::array<double, 4>& box, const Affine& map);

// sqrt(area of the warped box) / input size.
double person_scale(const std::array<Point, 4>& corners, int input_size);

}  // namespace posecu
