// Labels of what a canvas shows.
#include <algorithm>
#include <cmath>

#include "data/outline.h"
#include "data/synth.h"

namespace posecu {
namespace {

constexpr int kFewestVisible = 3;  // keypoints
constexpr int kFewestPixels = 40;

double hundredths(double pixels) { return std::floor(pixels * 100) / 100; }

// Whose most of a pixel's samples are; of equals, somebody's before nobody's.
std::uint8_t owner_of_pixel(const Canvas& canvas, int x, int y) {
  std::array<std::uint8_t, Canvas::kSamples * Canvas::kSamples> owners{};
  std::size_t n = 0;
  for (int row = 0; row < Canvas::kSamples; ++row)
    for (int column = 0; column < Canvas::kSamples; ++column)
      owners[n++] = canvas.owner(Canvas::kSamples * x + column, Canvas::kSamples * y + row);
  if (std::ranges::all_of(owners, [&](std::uint8_t o) { return o == owners[0]; })) return owners[0];
  std::uint8_t best = 0;
  std::ptrdiff_t most = 0;
  for (const std::uint8_t owner : owners) {
    const std::ptrdiff_t count = std::ranges::count(owners, owner);
    if (count > most || (count == most && best == kNobody)) best = owner, most = count;
  }
  return best;
}

SynthKeypoint label_point(const BodyPoint& point, const Placement& placement, const Canvas& canvas) {
  const SeenPoint seen = see(placement, point.at);
  const int column = static_cast<int>(std::floor(Canvas::kSamples * seen.x));
  const int row = static_cast<int>(std::floor(Canvas::kSamples * seen.y));
  if (column < 0 || row < 0 || column >= canvas.columns() || row >= canvas.rows()) return {};
  const bool hidden = static_cast<double>(canvas.nearness(column, row)) > seen.nearness + point.reach;
  if (hidden && point.of_face && (placement.view * point.outward).z < 0) return {};
  return {hundredths(seen.x), hundredths(seen.y), hidden ? 1 : 2};
}

// The pixels of each owner, found in one pass.
struct Extent {
  int left = 1 << 30, top = 1 << 30, right = -1, bottom = -1, pixels = 0;
};

class Owners {
 public:
  Owners(const Canvas& canvas, std::size_t people)
      : width_(canvas.columns() / Canvas::kSamples), height_(canvas.rows() / Canvas::kSamples), extents_(people + 1) {
    map_.reserve(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
    for (int y = 0; y < height_; ++y)
      for (int x = 0; x < width_; ++x) {
        const std::uint8_t owner = owner_of_pixel(canvas, x, y);
        map_.push_back(owner);
        if (owner == kNobody || owner >= extents_.size()) continue;
        Extent& e = extents_[owner];
        e.left = std::min(e.left, x), e.right = std::max(e.right, x);
        e.top = std::min(e.top, y), e.bottom = std::max(e.bottom, y);
        ++e.pixels;
      }
  }

  const Extent& extent(std::size_t owner) const { return extents_[owner]; }

  std::vector<std::vector<int>> outline_of(std::size_t owner) const {
    const Extent& e = extents_[owner];
    Mask mask{e.right - e.left + 1, e.bottom - e.top + 1, {}};
    for (int y = e.top; y <= e.bottom; ++y)
      for (int x = e.left; x <= e.right; ++x) {
        const auto at = static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x);
        mask.pixels.push_back(map_[at] == owner);
      }
    std::vector<std::vector<int>> polygons = outline(mask);
    for (std::vector<int>& polygon : polygons)
      for (std::size_t i = 0; i < polygon.size(); ++i) polygon[i] += i % 2 == 0 ? e.left : e.top;
    return polygons;
  }

 private:
  int width_, height_;
  std::vector<std::uint8_t> map_;
  std::vector<Extent> extents_;
};

}  // namespace

int SynthPerson::labelled() const {
  return static_cast<int>(std::count_if(keypoints.begin(), keypoints.begin() + 17,
                                        [](const SynthKeypoint& k) { return k.visibility > 0; }));
}

std::vector<SynthPerson> label_people(const Scene& scene, const Canvas& canvas) {
  const Owners owners(canvas, scene.people.size());
  std::vector<SynthPerson> people;
  for (std::size_t i = 0; i < scene.people.size(); ++i) {
    const Extent& e = owners.extent(i + 1);
    if (e.pixels == 0) continue;
    const auto& [figure, placement] = scene.people[i];
    SynthPerson person;
    person.figure = i;
    int visible = 0;
    for (std::size_t k = 0; k < kBodyPoints; ++k) {
      person.keypoints[k] = label_point(figure.points[k], placement, canvas);
      visible += k < 17 && person.keypoints[k].visibility == 2;
    }
    if (visible < kFewestVisible || e.pixels < kFewestPixels) person.keypoints = {};
    person.box = {e.left, e.top, e.right - e.left + 1, e.bottom - e.top + 1};
    person.area = e.pixels;
    person.outline = owners.outline_of(i + 1);
    people.push_back(std::move(person));
  }
  return people;
}

}  // namespace posecu
