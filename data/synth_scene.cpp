#include "data/synth_scene.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace posecu {
namespace {

constexpr double kStature = 1.75;  // of the bodies' own metres

double draw(Random& random, Range range) { return random.uniform(range.least, range.most); }
struct Box {
  double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;

  double width() const { return std::max(right - left, 0.0); }
  double height() const { return std::max(bottom - top, 0.0); }
  double area() const { return width() * height(); }
};

Box common(const Box& a, const Box& b) {
  return {std::max(a.left, b.left), std::max(a.top, b.top), std::min(a.right, b.right), std::min(a.bottom, b.bottom)};
}

double overlap(const Box& a, const Box& b) { return common(a, b).area() / std::min(a.area(), b.area()); }

Box box_of(const std::vector<Surface>& surfaces, const Placement& placement) {
  Box box;
  for (const Surface& surface : surfaces)
    for (const Vec3 point : surface.points) {
      const SeenPoint p = see(placement, point);
      box.left = std::min(box.left, p.x), box.right = std::max(box.right, p.x);
      box.top = std::min(box.top, p.y), box.bottom = std::max(box.bottom, p.y);
    }
  return box;
}

// What a preset asks for. Heights are shares of the picture's; `sizes` by the number of people, the last one for more.
struct Rules {
  int least, most;              // people
  std::vector<double> weights;  // of 1, 2, ... people more than the least; empty: all alike
  std::vector<Range> sizes;
  double overlap;   // of two boxes, as a share of the smaller
  bool whole;       // nobody is cut by the picture's edge
  double together;  // of people who stand beside somebody
  Range camera;     // its height, metres
  int things;       // at most
  Liveliness liveliness;
  double front, back;  // of people who turn to the camera, and who turn their backs to it; others stand anyhow
};

const Rules& rules_of(SynthPreset preset) {
  static const Rules easy{.least = 1,
                          .most = 4,
                          .weights = {0.4, 0.35, 0.15, 0.1},
                          .sizes = {{0.58, 0.93}, {0.5, 0.88}, {0.42, 0.72}, {0.38, 0.62}},
                          .overlap = 0.1,
                          .whole = true,
                          .together = 0,
                          .camera = {0.9, 1.7},
                          .things = 3,
                          .liveliness = Liveliness::calm,
                          .front = 1,
                          .back = 0};
  static const Rules varied{.least = 1,
                            .most = 8,
                            .weights = {0.2, 0.2, 0.16, 0.14, 0.1, 0.08, 0.07, 0.05},
                            .sizes = {{0.3, 1.4}, {0.25, 1.2}, {0.2, 1}, {0.16, 0.8}},
                            .overlap = 0.55,
                            .whole = false,
                            .together = 0.5,
                            .camera = {0.6, 2.6},
                            .things = 7,
                            .liveliness = Liveliness::lively,
                            .front = 0.45,
                            .back = 0.18};
  static const Rules crowd{.least = 5,
                           .most = 20,
                           .weights = {},
                           .sizes = {{0.3, 0.75}},
                           .overlap = 0.85,
                           .whole = false,
                           .together = 0.85,
                           .camera = {1.2, 3.2},
                           .things = 5,
                           .liveliness = Liveliness::lively,
                           .front = 0.5,
                           .back = 0.18};
  return preset == SynthPreset::easy ? easy : preset == SynthPreset::varied ? varied : crowd;
}

int draw_count(Random& random, const Rules& rules) {
  if (rules.weights.empty()) return rules.least + random.below(rules.most - rules.least + 1);
  double left = random.uniform();
  int count = rules.least;
  for (const double weight : rules.weights) {
    if (left < weight) return count;
    left -= weight, ++count;
  }
  return rules.most;
}

double draw_yaw(Random& random, const Rules& rules) {
  const double kind = random.uniform();
  if (kind < rules.front) return 25 * random.normal();
  if (kind < rules.front + rules.back) return 180 + 25 * random.normal();
  return random.uniform(0, 360);
}

// Fills a scene with people and things, one after another: whoever does not fit is drawn again.
class Stage {
 public:
  Stage(Random& random, const Rules& rules, int width, int height) : random_(random), rules_(rules) {
    scene_.width = width, scene_.height = height;
    uniform_ = random.chance(0.15) ? std::optional(draw_look(random)) : std::nullopt;
  }

  Scene build() {
    const int count = draw_count(random_, rules_);
    set_light();
    constexpr int kTries = 60;
    for (int tries = 0; tries < kTries * count && static_cast<int>(scene_.people.size()) < count; ++tries) {
      if (scene_.people.empty()) place_camera(count);
      add_person(count);
    }
    const int things = random_.below(rules_.things + 1);
    for (int i = 0; i < things; ++i) add_thing();
    return std::move(scene_);
  }

 private:
  void set_light() {
    const double around = random_.uniform(0, 360), height = random_.uniform(0.45, 1.4);
    scene_.lighting.from = direction({std::cos(radians(around)), height, 0.35 + 0.65 * std::sin(radians(around))});
    scene_.lighting.direct = random_.uniform(0.35, 0.8);
    scene_.lighting.ambient = 1.22 - scene_.lighting.direct + random_.uniform(-0.12, 0.1);
    scene_.sun = scene_.lighting.direct > 0.45 && random_.chance(0.7);
  }

  Range sizes(int count) const {
    return rules_.sizes[std::min(static_cast<std::size_t>(count - rules_.least), rules_.sizes.size() - 1)];
  }

  // So that somebody of the largest size would stand in the lower part of the picture.
  void place_camera(int count) {
    const double picture_height = scene_.height;
    nearest_ = draw(random_, sizes(count)) * picture_height / kStature;
    Lens& lens = scene_.lens;
    lens.focal = random_.uniform(1.1, 2.2) * picture_height;
    lens.height = draw(random_, rules_.camera);
    const double size = nearest_ * kStature / picture_height;
    const double foot = rules_.whole ? random_.uniform(std::min(size + 0.04, 0.96), 0.98)
                                     : random_.uniform(std::clamp(size, 0.6, 0.95), std::max(1.0, size + 0.12));
    lens.horizon = foot * picture_height - lens.height * nearest_;
  }

  Placement place(double scale, double x, double yaw) const {
    const double distance = scene_.lens.focal / scale;
    const double pitch = std::clamp(std::atan2(scene_.lens.height - 0.9, distance) * 180 / 3.14159, -12.0, 28.0);
    return {about_x(pitch) * about_y(yaw), x, scene_.lens.horizon + scene_.lens.height * scale, scale, -distance};
  }

  void add_person(int count) {
    const Range size = sizes(count);
    const double drawn = random_.uniform(size.least, size.most) * scene_.height / kStature;
    const double ground_scale = scene_.people.empty() ? nearest_ : std::min(drawn, nearest_);
    const double yaw = draw_yaw(random_, rules_);
    Placement placement = place(ground_scale, draw_x(), yaw);
    if (stands_in_somebody(placement)) return;
    const Build build = draw_build(random_);
    const Pose pose = draw_pose(random_, rules_.liveliness);
    Look look = draw_look(random_);
    if (uniform_) look = in_clothes_of(look, *uniform_);
    placement.scale *= build.stature / kStature;
    PlacedFigure person{make_figure(build, pose, look, sides_for(placement.scale)), placement};
    if (rules_.whole && !fit(person.placement, person.figure.surfaces, size)) return;
    const Box box = box_of(person.figure.surfaces, person.placement);
    if (!fits(person, box)) return;
    boxes_.push_back(box);
    scene_.people.push_back(std::move(person));
  }

  bool stands_in_somebody(const Placement& placement) const {
    return std::ranges::any_of(scene_.people, [&](const PlacedFigure& other) {
      const double aside = (placement.x - other.placement.x) / std::max(placement.scale, other.placement.scale);
      return std::hypot(aside, placement.nearness - other.placement.nearness) < 0.45;
    });
  }

  static int sides_for(double scale) { return std::clamp(static_cast<int>(6 + scale / 14), 7, 16); }

  double draw_x() {
    const double margin = rules_.whole ? 0.05 : -0.06;
    const double x = random_.uniform(margin, 1 - margin);
    if (scene_.people.empty() || !random_.chance(rules_.together)) return x * scene_.width;
    const auto beside = static_cast<std::size_t>(random_.below(static_cast<int>(scene_.people.size())));  // groups
    return scene_.people[beside].placement.x + 0.5 * nearest_ * random_.normal();
  }

  // Makes somebody as tall as the preset asks for, be it sitting or with raised arms, and keeps them inside.
  bool fit(Placement& placement, const std::vector<Surface>& surfaces, Range size) {
    const Box box = box_of(surfaces, placement);
    const double height = box.height() / scene_.height;
    if (height < size.least || height > size.most) {
      const double wanted = draw(random_, size) / height;
      placement.scale *= wanted;
    }
    const Box now = box_of(surfaces, placement);
    if (now.width() > 0.97 * scene_.width) return false;
    placement.x += std::max(2 - now.left, 0.0) - std::max(now.right - (scene_.width - 2), 0.0);
    placement.y += std::max(2 - now.top, 0.0) - std::max(now.bottom - (scene_.height - 2), 0.0);
    return true;
  }

  // Whether enough of somebody lies in the picture, and nobody's box or head is covered too much.
  bool fits(const PlacedFigure& person, const Box& box) const {
    const Box frame{0, 0, static_cast<double>(scene_.width), static_cast<double>(scene_.height)};
    if (common(box, frame).area() < 0.35 * box.area()) return false;
    const SeenPoint head = see(person.placement, person.figure.points[0].at);
    if (!rules_.whole && (head.y < -0.1 * scene_.height || head.y > 0.8 * scene_.height)) return false;
    for (std::size_t i = 0; i < scene_.people.size(); ++i) {
      if (overlap(box, boxes_[i]) > rules_.overlap) return false;
      const Placement& other = scene_.people[i].placement;
      const SeenPoint its_head = see(other, scene_.people[i].figure.points[0].at);
      if (std::hypot(head.x - its_head.x, head.y - its_head.y) < 0.14 * std::max(person.placement.scale, other.scale))
        return false;
    }
    return true;
  }

  void add_thing() {
    PlacedThing thing{draw_thing(random_), {}};
    const bool in_front = !rules_.whole && random_.chance(0.35);
    const double scale = nearest_ * (in_front ? random_.uniform(0.7, 1.15) : random_.uniform(0.35, 0.8));
    thing.placement = place(scale, random_.uniform(0, 1) * scene_.width, random_.uniform(-60, 60));
    const Box box = box_of(thing.surfaces, thing.placement);
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
      const bool hides = thing.placement.nearness > scene_.people[i].placement.nearness - 0.6;
      if (hides && overlap(box, boxes_[i]) > (rules_.whole ? 0.05 : 1)) return;
      if (hides && common(box, boxes_[i]).area() > (rules_.whole ? 0.08 : 0.5) * boxes_[i].area()) return;
    }
    scene_.things.push_back(std::move(thing));
  }

  Random& random_;
  const Rules& rules_;
  Scene scene_;
  std::vector<Box> boxes_;       // of the people
  std::optional<Look> uniform_;  // everybody wears the same
  double nearest_ = 0;           // the largest scale, pixels a metre
};

}  // namespace

double Scene::farthest() const {
  double metres = 0;
  for (const PlacedFigure& person : people) metres = std::max(metres, -person.placement.nearness);
  for (const PlacedThing& thing : things) metres = std::max(metres, -thing.placement.nearness);
  return metres;
}

Scene draw_scene(Random& random, SynthPreset preset, int width, int height) {
  return Stage(random, rules_of(preset), width, height).build();
}

void render(Canvas& canvas, const Scene& scene) {
  canvas.clear();
  const auto draw_all = [&](const std::vector<Surface>& surfaces, const Placement& placement, std::uint8_t owner) {
    for (const Surface& surface : surfaces)
      canvas.draw(see(placement, surface, scene.lighting), surface.material, owner);
  };
  for (std::size_t i = 0; i < scene.people.size(); ++i) {
    const PlacedFigure& person = scene.people[i];
    draw_all(person.figure.surfaces, person.placement, static_cast<std::uint8_t>(i + 1));
    draw_all(person.figure.things, person.placement, kThing);
  }
  for (const PlacedThing& thing : scene.things) draw_all(thing.surfaces, thing.placement, kThing);
}

}  // namespace posecu
