#include "pose/grouping.h"

#include <cmath>

#include "pose/munkres.h"

namespace posecu {
namespace {

constexpr float kFar = 1e5f;  // the official cost of a pair that is too far apart

float distance(const std::vector<float>& a, const std::vector<float>& b) {
  float squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squares);
}

void update_tag(Group& group) {
  group.tag.assign(group.tag.size(), 0.f);
  float joints = 0;
  for (const Candidate* joint : group.joints) {
    if (joint == nullptr) continue;
    ++joints;
    for (std::size_t i = 0; i < group.tag.size(); ++i) group.tag[i] += joint->tag[i];
  }
  for (float& value : group.tag) value /= joints;
}

Group founded(std::size_t keypoints, std::size_t keypoint, const Candidate& candidate) {
  Group group{std::vector<const Candidate*>(keypoints, nullptr), candidate.tag};
  group.joints[keypoint] = &candidate;
  return group;
}

// [candidates,people]
std::vector<float> distances(const std::vector<Candidate>& candidates, const std::vector<Group>& people) {
  std::vector<float> result;
  for (const Candidate& candidate : candidates)
    for (const Group& person : people) result.push_back(distance(candidate.tag, person.tag));
  return result;
}

// The person whom each candidate is paired with; a number beyond the last one means nobody.
std::vector<int> pairs(const std::vector<Candidate>& candidates, const std::vector<float>& away, std::size_t people,
                       float tag_distance) {
  const std::size_t columns = std::max(candidates.size(), people);
  std::vector<float> costs(candidates.size() * columns, kFar);
  for (std::size_t row = 0; row < candidates.size(); ++row)
    for (std::size_t column = 0; column < people; ++column)
      if (const float rounded = std::nearbyint(away[row * people + column] / tag_distance); rounded <= 1)
        costs[row * columns + column] = rounded - candidates[row].value;
  return munkres_assignment(costs, static_cast<int>(candidates.size()), static_cast<int>(columns));
}

void assign(std::vector<Group>& people, std::size_t keypoint, const std::vector<Candidate>& candidates,
            std::size_t keypoints, float tag_distance) {
  const std::size_t known = people.size();
  const std::vector<float> away = distances(candidates, people);
  const std::vector<int> persons = pairs(candidates, away, known, tag_distance);
  for (std::size_t row = 0; row < candidates.size(); ++row) {
    const auto person = static_cast<std::size_t>(persons[row]);
    if (person < known && away[row * known + person] <= tag_distance) {
      people[person].joints[keypoint] = &candidates[row];
      update_tag(people[person]);
    } else {
      people.push_back(founded(keypoints, keypoint, candidates[row]));
    }
  }
}

}  // namespace

std::vector<Group> group_candidates(const std::vector<std::vector<Candidate>>& candidates, std::span<const int> order,
                                    double tag_distance) {
  std::vector<Group> people;
  for (const int k : order) {
    const auto keypoint = static_cast<std::size_t>(k);
    if (candidates[keypoint].empty()) continue;
    if (!people.empty()) {
      assign(people, keypoint, candidates[keypoint], candidates.size(), static_cast<float>(tag_distance));
      continue;
    }
    for (const Candidate& candidate : candidates[keypoint])
      people.push_back(founded(candidates.size(), keypoint, candidate));
  }
  return people;
}

}  // namespace posecu
