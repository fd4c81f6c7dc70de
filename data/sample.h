// One training sample: a picture file and its labels become an image and targets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/augment.h"
#include "data/warp.h"

namespace posecu {

struct SampleOptions {
  int input_size = 512;            // a multiple of every stride
  std::vector<int> strides{4, 2};  // input size / heatmap size, one a resolution
  AugmentOptions augment;
  DamagedPicture damaged = DamagedPicture::refuse;
  std::uint64_t seed = 0;
};

// The labels of one sample, people in file order (core/targets.h says what they are).
struct SampleLabels {
  std::vector<double> scales;                    // [P]
  std::vector<std::vector<float>> keypoints;     // for each resolution [P,K,3]
  std::vector<std::vector<std::uint8_t>> masks;  // for each resolution [size,size], 0 or 1
  std::string remark;                            // empty, or what differs from the annotations
};

// All that an image and its masks are warped from, on whatever device.
struct RawSample {
  Picture picture;
  MaskBits mask;
  WarpPlaces to_image;
  std::vector<WarpPlaces> to_heatmaps;  // for each resolution
  Mirror mirror = Mirror::no;
};

struct PreparedSample {
  RawSample raw;
  SampleLabels labels;  // but for the masks
};

// Throws UsageError if the sizes do not fit each other.
void check_sample_options(const SampleOptions& options);

PreparedSample prepare_sample(Picture picture, const PictureLabel& label, const DataSet& set,
                              const Augmentation& augmentation, const SampleOptions& options);

// Reads the picture and draws: what it gives depends on the picture, `epoch` and the options alone.
PreparedSample read_sample(const PictureLabel& label, const DataSet& set, std::int64_t epoch,
                           const SampleOptions& options);

// Writes `image` [S,S,3], warped, mirrored, normalised RGB, and adds the masks to the labels.
SampleLabels make_sample(float* image, PreparedSample prepared);

}  // namespace posecu
