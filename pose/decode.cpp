#include "pose/decode.h"

#include <utility>

#include "pose/refine.h"

namespace posecu {
namespace {

Keypoint keypoint_at(int x, int y, float value, float dx, float dy, Adjustment adjustment) {
  const bool moved = adjustment == Adjustment::quarter_pixel;
  return {static_cast<float>(x) + (moved ? dx : 0.f) + 0.5f, static_cast<float>(y) + (moved ? dy : 0.f) + 0.5f, value,
          false};
}

}  // namespace

Person person_of_group(const Group& group, Adjustment adjustment) {
  Person person;
  for (const Candidate* joint : group.joints) {
    person.keypoints.push_back(joint == nullptr
                                   ? Keypoint{}
                                   : keypoint_at(joint->x, joint->y, joint->value, joint->dx, joint->dy, adjustment));
    person.score += static_cast<double>(person.keypoints.back().score);
  }
  person.score /= static_cast<double>(person.keypoints.size());
  return person;
}

SearchedMaps search_maps(Context& context, std::span<const MapSource> sources, BaseSize base, const Skeleton& skeleton,
                         const DecodeOptions& options) {
  AggregatedMaps maps(context, sources, base, skeleton.flip);
  Peaks peaks = search_peaks(context, maps, options);
  return {std::move(maps), std::move(peaks)};
}

std::vector<Person> finish_decoding(Context& context, const SearchedMaps& searched, const Skeleton& skeleton,
                                    const DecodeOptions& options) {
  if (context.dry_run()) return {};
  const auto candidates = highest_peaks(context, searched.peaks);
  const std::vector<Group> groups = group_candidates(candidates, skeleton.grouping_order, options.tag_distance);

  std::vector<Person> people;
  for (const Group& group : groups) people.push_back(person_of_group(group, options.adjustment));
  if (options.refinement == Refinement::none) return people;
  for (const auto& [keypoint, person, place, reading] : find_missing(context, searched.maps, searched.peaks, groups)) {
    Keypoint& found = people[static_cast<std::size_t>(person)].keypoints[static_cast<std::size_t>(keypoint)];
    found = keypoint_at(place.x, place.y, reading.value, reading.dx, reading.dy, options.adjustment);
    found.refined = true;
  }
  return people;
}

std::vector<Person> decode(Context& context, std::span<const MapSource> sources, BaseSize base,
                           const Skeleton& skeleton, const DecodeOptions& options) {
  return finish_decoding(context, search_maps(context, sources, base, skeleton, options), skeleton, options);
}

std::vector<Person> to_picture(std::span<const Person> people, const PictureFrame& frame) {
  std::vector<Person> result(people.begin(), people.end());
  for (Person& person : result)
    for (Keypoint& keypoint : person.keypoints) {
      const double x = (static_cast<double>(keypoint.x) - frame.base.width / 2.0) * frame.step_x + frame.centre_x;
      const double y = (static_cast<double>(keypoint.y) - frame.base.height / 2.0) * frame.step_y + frame.centre_y;
      const bool somewhere = keypoint.score > 0;
      keypoint.x = somewhere ? static_cast<float>(x) : 0.f;
      keypoint.y = somewhere ? static_cast<float>(y) : 0.f;
    }
  return result;
}

}  // namespace posecu
