#include "data/synth_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "data/skeleton.h"

namespace posecu {
namespace {

constexpr auto kCoco = std::to_array<std::size_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
constexpr auto kCrowdPose = std::to_array<std::size_t>({5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18});

// Which of a person's keypoints a layout has, in its order.
std::span<const std::size_t> keypoints_of(SynthLayout layout) {
  if (layout == SynthLayout::crowdpose) return kCrowdPose;
  return kCoco;
}

const Skeleton& skeleton_of(SynthLayout layout) {
  return layout == SynthLayout::crowdpose ? crowdpose_skeleton() : coco_skeleton();
}

// x, y, width, height
using Box = std::array<double, 4>;

Box seen_box(const SynthPerson& person) {
  const auto& [x, y, width, height] = person.box;
  return {static_cast<double>(x), static_cast<double>(y), static_cast<double>(width), static_cast<double>(height)};
}

// CrowdPose's boxes hold the whole person: its tools reckon areas from them.
Box whole_box(const SynthPerson& person) {
  Box box = seen_box(person);
  for (const std::size_t k : kCrowdPose) {
    const SynthKeypoint& p = person.keypoints[k];
    if (p.visibility == 0) continue;
    const double left = std::min(box[0], std::floor(p.x)), top = std::min(box[1], std::floor(p.y));
    const double right = std::max(box[0] + box[2], std::ceil(p.x)), bottom = std::max(box[1] + box[3], std::ceil(p.y));
    box = {left, top, right - left, bottom - top};
  }
  return box;
}

std::string keypoint_text(const SynthPerson& person, SynthLayout layout) {
  std::string text;
  for (const std::size_t k : keypoints_of(layout)) {
    const auto& [x, y, visibility] = person.keypoints[k];
    text += fmt::format("{}{},{},{}", text.empty() ? "" : ",", x, y, visibility);
  }
  return text;
}

}  // namespace

int count_keypoints(const SynthPerson& person, SynthLayout layout) {
  if (layout == SynthLayout::coco) return person.labelled();
  return static_cast<int>(std::count_if(person.keypoints.begin() + 5, person.keypoints.begin() + 17,
                                        [](const SynthKeypoint& k) { return k.visibility > 0; }));
}

std::string person_text(const SynthPerson& person, SynthLayout layout, std::int64_t picture, std::int64_t id) {
  const Box box = layout == SynthLayout::crowdpose ? whole_box(person) : seen_box(person);
  std::string outline;
  for (const std::vector<int>& polygon : person.outline)
    outline += fmt::format("{}[{}]", outline.empty() ? "" : ",", fmt::join(polygon, ","));
  return fmt::format(
      R"({{"id":{},"image_id":{},"category_id":1,"iscrowd":0,"num_keypoints":{},"keypoints":[{}],"bbox":[{}],)"
      R"("area":{},"segmentation":[{}]}})",
      id, picture, count_keypoints(person, layout), keypoint_text(person, layout), fmt::join(box, ","), person.area,
      outline);
}

std::string category_text(SynthLayout layout) {
  const Skeleton& skeleton = skeleton_of(layout);
  std::string edges;
  for (const auto& [a, b] : skeleton.edges) edges += fmt::format("{}[{},{}]", edges.empty() ? "" : ",", a + 1, b + 1);
  return fmt::format(R"({{"id":1,"name":"person","supercategory":"person","keypoints":["{}"],"skeleton":[{}]}})",
                     fmt::join(skeleton.keypoints, R"(",")"), edges);
}

double crowd_index(const std::vector<SynthPerson>& people) {
  double sum = 0;
  int counted = 0;
  for (const SynthPerson& person : people) {
    const auto [left, top, width, height] = whole_box(person);
    int own = 0, others = 0;
    for (const SynthPerson& other : people)
      for (const std::size_t k : kCrowdPose) {
        const SynthKeypoint& p = other.keypoints[k];
        if (p.visibility == 0) continue;
        if (&other == &person)
          ++own;
        else if (p.x >= left && p.y >= top && p.x <= left + width && p.y <= top + height)
          ++others;
      }
    if (own == 0) continue;
    sum += std::min(1.0, static_cast<double>(others) / own);
    ++counted;
  }
  return counted > 0 ? sum / counted : 0;
}

}  // namespace posecu
