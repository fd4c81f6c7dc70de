#include "data/outline.h"

#include <algorithm>
#include <array>

namespace posecu {
namespace {

// A step along a pixel's edge, with the pixel on its right hand (y points down): its top from left to right, and so on
// around it.
enum Side { top, right, bottom, left };
constexpr int kSides = 4;

constexpr int kNone = -1;

class Tracer {
 public:
  explicit Tracer(const Mask& mask)
      : mask_(mask), next_(kSides * mask.pixels.size(), kNone), before_(next_.size(), kNone) {}

  std::vector<std::vector<int>> trace() {
    link_edges();
    join_holes();
    std::vector<std::vector<int>> polygons;
    std::vector<bool> done(next_.size() + cuts_.size(), false);
    for (int first = 0; first < static_cast<int>(next_.size()); ++first)
      if (next(first) != kNone && !done[static_cast<std::size_t>(first)]) polygons.push_back(walk(first, done));
    return polygons;
  }

 private:
  struct Point {
    int x, y;
  };
  // A step that is no pixel's edge: along a cut to a hole and back.
  struct Cut {
    Point from;
    int next;
  };

  bool inside(int x, int y) const {
    return x >= 0 && y >= 0 && x < mask_.width && y < mask_.height && mask_.pixels[pixel(x, y)] != 0;
  }
  std::size_t pixel(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(mask_.width) + static_cast<std::size_t>(x);
  }
  int edge(int x, int y, Side side) const { return kSides * static_cast<int>(pixel(x, y)) + side; }
  int next(int step) const {
    const auto i = static_cast<std::size_t>(step);
    return i < next_.size() ? next_[i] : cuts_[i - next_.size()].next;
  }

  Point start(int step) const {
    if (step >= static_cast<int>(next_.size())) return cuts_[static_cast<std::size_t>(step) - next_.size()].from;
    const int x = step / kSides % mask_.width, y = step / kSides / mask_.width, side = step % kSides;
    return {x + (side == right || side == bottom), y + (side == bottom || side == left)};
  }

  void link(int from, int to) {
    next_[static_cast<std::size_t>(from)] = to;
    before_[static_cast<std::size_t>(to)] = from;
  }

  // From the end of each edge to the next: the pixel's own next side, or that of the neighbour ahead, or of the one
  // diagonally ahead. Pixels that share a corner only are apart.
  void link_edges() {
    constexpr std::array<Point, kSides> kAhead{{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};
    for (int y = 0; y < mask_.height; ++y)
      for (int x = 0; x < mask_.width; ++x) {
        if (!inside(x, y)) continue;
        for (int side = 0; side < kSides; ++side) {
          const auto [dx, dy] = kAhead[static_cast<std::size_t>(side)];  // along the edge
          const Point out{dy, -dx};                                      // to its left
          if (inside(x + out.x, y + out.y)) continue;
          const auto at = [](int number) { return static_cast<Side>(number % kSides); };
          const int here = edge(x, y, at(side));
          if (!inside(x + dx, y + dy))
            link(here, edge(x, y, at(side + 1)));
          else if (!inside(x + dx + out.x, y + dy + out.y))
            link(here, edge(x + dx, y + dy, at(side)));
          else
            link(here, edge(x + dx + out.x, y + dy + out.y, at(side + 3)));
        }
      }
  }

  // Outlines run clockwise, holes the other way round: their highest edge is a pixel's bottom.
  void join_holes() {
    std::vector<bool> seen(next_.size(), false);
    for (int first = 0; first < static_cast<int>(next_.size()); ++first) {
      if (next_[static_cast<std::size_t>(first)] == kNone || seen[static_cast<std::size_t>(first)]) continue;
      int highest = first;
      int step = first;
      do {
        seen[static_cast<std::size_t>(step)] = true;
        const bool level = step % kSides == top || step % kSides == bottom;
        const Point p = start(step), h = start(highest);
        if (level && (highest % kSides == right || highest % kSides == left || p.y < h.y)) highest = step;
        step = next_[static_cast<std::size_t>(step)];
      } while (step != first);
      if (highest % kSides == bottom) holes_.push_back(highest);
    }
    std::ranges::sort(holes_, [&](int a, int b) { return start(a).y < start(b).y; });
    for (const int hole : holes_) join(hole);
  }

  // From the end of the edge above the hole up to the edge above that pixel, which belongs to what surrounds the hole.
  void join(int above_hole) {
    const int x = above_hole / kSides % mask_.width;
    int y = above_hole / kSides / mask_.width;
    const int first_of_hole = next(above_hole);
    const Point low{x, y + 1};
    while (inside(x, y - 1)) --y;
    const int ceiling = edge(x, y, top);
    const int arriving = before_[static_cast<std::size_t>(ceiling)];
    const int down = static_cast<int>(next_.size() + cuts_.size()), up = down + 1;
    cuts_.push_back({{x, y}, first_of_hole});
    cuts_.push_back({low, ceiling});
    const auto set_next = [&](int step, int to) {
      const auto i = static_cast<std::size_t>(step);
      (i < next_.size() ? next_[i] : cuts_[i - next_.size()].next) = to;
    };
    set_next(arriving, down);
    set_next(above_hole, up);
    before_[static_cast<std::size_t>(ceiling)] = up;
    if (first_of_hole < static_cast<int>(next_.size())) before_[static_cast<std::size_t>(first_of_hole)] = down;
  }

  // The corners of one closed walk.
  std::vector<int> walk(int first, std::vector<bool>& done) const {
    std::vector<Point> points;
    int step = first;
    do {
      done[static_cast<std::size_t>(step)] = true;
      points.push_back(start(step));
      step = next(step);
    } while (step != first);
    std::vector<int> corners;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Point a = points[(i + points.size() - 1) % points.size()], b = points[i],
                  c = points[(i + 1) % points.size()];
      const bool straight = (b.x - a.x) * (c.y - b.y) == (b.y - a.y) * (c.x - b.x) && (b.x - a.x) * (c.x - b.x) >= 0 &&
                            (b.y - a.y) * (c.y - b.y) >= 0;
      if (!straight) corners.insert(corners.end(), {b.x, b.y});
    }
    return corners;
  }

  const Mask& mask_;
  std::vector<int> next_, before_;  // by edge
  std::vector<Cut> cuts_;           // steps from next_.size() on
  std::vector<int> holes_;          // their highest edges
};

}  // namespace

std::vector<std::vector<int>> outline(const Mask& mask) { return Tracer(mask).trace(); }

}  // namespace posecu
