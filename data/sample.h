// One training sample: a picture file and its labels become an image and targets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/augment.h"

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

// Throws UsageError if the sizes do not fit each other.
void check_sample_options(const SampleOptions& options);

// Writes `image` [S,S,3]: warped, mirrored, normalised RGB.
SampleLabels make_sample(float* image, const Picture& picture, const PictureLabel& label, const DataSet& set,
                         const Augmentation& augmentation, const SampleOptions& options);

// Reads the picture and draws: what it gives depends on the picture, `epoch` and the options alone.
SampleLabels read_sample(float* image, const PictureLabel& label, const DataSet& set, std::int64_t epoch,
                         const SampleOptions& options);

}  // namespace posecu
