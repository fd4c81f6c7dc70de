// A small data set on disk: pictures of noise and people at random, in COCO's layout.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/picture.h"
#include "tests/support/golden.h"

namespace posecu {

Picture noise_picture(int width, int height, std::uint64_t seed);

class SyntheticSet {
 public:
  // ROOT/annotations/person_keypoints_train.json and ROOT/train/NNN.png; every fifth picture has no annotation.
  explicit SyntheticSet(int pictures);

  std::string root() const { return folder_.path(); }
  std::filesystem::path picture(int index) const;
  std::filesystem::path annotations() const { return folder_.path() / "annotations/person_keypoints_train.json"; }

 private:
  TemporaryFolder folder_;
};

}  // namespace posecu
