#include "data/stats.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace posecu {
namespace {

double scale_of(const Annotation& person, const PictureLabel& picture) {
  return std::sqrt(person.bbox[2] * person.bbox[3]) / std::min(picture.width, picture.height);
}

void count_keypoints(std::vector<DataStats::KeypointCounts>& counts, const Annotation& person) {
  for (std::size_t k = 0; k < counts.size(); ++k) {
    const double visibility = person.keypoints[3 * k + 2];
    ++(visibility > 1 ? counts[k].visible : visibility > 0 ? counts[k].hidden : counts[k].unlabelled);
  }
}

}  // namespace

DataStats data_stats(const DataSet& set, int levels) {
  require(levels > 0, "at least one level of scales");
  DataStats stats;
  stats.pictures = set.pictures.size();
  for (const std::string& name : set.skeleton.keypoints) stats.keypoints.push_back({name, 0, 0, 0});
  stats.scale_levels.resize(static_cast<std::size_t>(levels));
  std::vector<double> scales;
  for (const PictureLabel& picture : set.pictures) {
    std::size_t people = 0;
    for (const Annotation& person : picture.annotations) {
      ++(person.iscrowd ? stats.crowds : people);
      if (person.iscrowd || person.num_keypoints == 0) continue;
      ++stats.labelled_people;
      count_keypoints(stats.keypoints, person);
      scales.push_back(scale_of(person, picture));
      ++stats.scale_levels[static_cast<std::size_t>(
          std::clamp(static_cast<int>(scales.back() * levels), 0, levels - 1))];
    }
    stats.people += people;
    stats.pictures_with_people += people > 0;
    if (stats.people_a_picture.size() <= people) stats.people_a_picture.resize(people + 1);
    ++stats.people_a_picture[people];
  }
  if (scales.empty()) return stats;
  std::ranges::sort(scales);
  stats.smallest_scale = scales.front();
  stats.median_scale = scales[scales.size() / 2];
  stats.largest_scale = scales.back();
  return stats;
}

}  // namespace posecu
