// What a data set holds, in numbers: sizes of people, keypoints a type, people a picture.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/annotations.h"

namespace posecu {

struct DataStats {
  struct KeypointCounts {
    std::string name;
    std::size_t visible = 0, hidden = 0, unlabelled = 0;
  };

  std::size_t pictures = 0, pictures_with_people = 0;
  std::size_t people = 0, labelled_people = 0, crowds = 0;  // people: without crowds
  std::vector<std::size_t> people_a_picture;                // [n]: pictures with n people
  std::vector<KeypointCounts> keypoints;                    // of labelled people
  // Labelled people by scale, sqrt(width * height of the box) / shorter side of the picture, which is what training
  // sees at a drawn scale of 1. Level m of M takes in m/M .. (m+1)/M, the last one everything above; the scale loss
  // draws an embedding towards the level nearest to its person.
  std::vector<std::size_t> scale_levels;  // [M]
  double smallest_scale = 0, median_scale = 0, largest_scale = 0;
};

DataStats data_stats(const DataSet& set, int levels);

}  // namespace posecu
