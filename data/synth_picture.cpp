// From a scene to the pixels of a picture: backdrop, shadows on the ground, what the canvas shows, the camera's faults.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "data/synth.h"

namespace posecu {
namespace {

struct Spot {
  double x, y;
};

// Darkness that gathers on a backdrop: 0 none .. 1 black.
class Shadows {
 public:
  Shadows(int width, int height)
      : width_(width), height_(height), dark_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height)) {}

  // A soft line from a to b, of these half thicknesses in pixels; the darkest of all counts.
  void line(Spot a, Spot b, double wide, double flat, double darkness) {
    const double soft = 0.5 * flat + 0.7;
    const auto clip = [](double v, int size) {
      return static_cast<int>(std::clamp(v, 0.0, static_cast<double>(size)));
    };
    const int left = clip(std::min(a.x, b.x) - wide - soft, width_),
              right = clip(std::max(a.x, b.x) + wide + soft + 1, width_);
    const int top = clip(std::min(a.y, b.y) - flat - soft, height_),
              bottom = clip(std::max(a.y, b.y) + flat + soft + 1, height_);
    const double squeeze = wide / flat, dx = b.x - a.x, dy = (b.y - a.y) * squeeze, length2 = dx * dx + dy * dy;
    for (int y = top; y < bottom; ++y)
      for (int x = left; x < right; ++x) {
        const double px = x + 0.5 - a.x, py = (y + 0.5 - a.y) * squeeze;
        const double t = length2 > 0 ? std::clamp((px * dx + py * dy) / length2, 0.0, 1.0) : 0;
        const double beyond = std::hypot(px - t * dx, py - t * dy) / wide;  // 1 at the rim
        const double amount = darkness * std::clamp(1.5 - beyond, 0.0, 1.0);
        float& dark =
            dark_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)];
        dark = std::max(dark, static_cast<float>(amount));
      }
  }

  void apply(Picture& picture) const {
    for (std::size_t i = 0; i < dark_.size(); ++i)
      if (dark_[i] > 0)
        for (std::size_t c = 0; c < Picture::channels; ++c)
          picture.pixels[Picture::channels * i + c] =
              static_cast<std::uint8_t>(static_cast<float>(picture.pixels[Picture::channels * i + c]) * (1 - dark_[i]));
  }

 private:
  int width_, height_;
  std::vector<float> dark_;
};

// Where a body's point is seen when it falls to the ground along `along` (as seen).
Spot on_ground(const Placement& placement, Vec3 point, Vec3 along) {
  const Vec3 up = placement.view.y, p = placement.view * point;
  const Vec3 q = p - (point.y / dot(along, up)) * along;
  return {placement.x + placement.scale * q.x, placement.y - placement.scale * q.y};
}

void cast_shadow(Shadows& shadows, const PlacedFigure& person, const Scene& scene) {
  const auto& [figure, placement] = person;
  const double flat = std::max(placement.view.y.z, 0.1);  // of a circle on the ground
  const auto part = [&](std::size_t a, std::size_t b, double radius, Vec3 along, double darkness) {
    const Vec3 from = figure.points[a].at, to = figure.points[b].at;
    const double high = std::max(0.0, std::min(from.y, to.y)), fade = darkness / (1 + 0.8 * high);
    shadows.line(on_ground(placement, from, along), on_ground(placement, to, along), radius * placement.scale,
                 flat * radius * placement.scale, fade);
  };
  const Vec3 down = placement.view.y;
  for (const std::size_t ankle : {15, 16}) part(ankle, ankle, 0.16, down, 0.5);
  part(11, 12, 0.3, down, 0.38), part(5, 6, 0.26, down, 0.3);
  const Vec3 sun = scene.lighting.from;
  if (!scene.sun || dot(sun, down) < 0.25) return;
  constexpr double kDark = 0.42;
  const auto cast = [&](std::size_t a, std::size_t b, double radius) {
    shadows.line(on_ground(placement, figure.points[a].at, sun), on_ground(placement, figure.points[b].at, sun),
                 radius * placement.scale, std::max(0.5 * radius, flat * radius) * placement.scale, kDark);
  };
  for (const std::size_t side : {0, 1}) {
    cast(5 + side, 7 + side, 0.05), cast(7 + side, 9 + side, 0.04), cast(11 + side, 13 + side, 0.08),
        cast(13 + side, 15 + side, 0.055);
    cast(5 + side, 11 + side, 0.1);
  }
  cast(5, 12, 0.1), cast(6, 11, 0.1), cast(3, 4, 0.1), cast(18, 17, 0.07);
}

// Below a thing: as wide as it is where it stands.
void cast_shadow(Shadows& shadows, const PlacedThing& thing) {
  const Placement& placement = thing.placement;
  double reach = 0;
  for (const Surface& surface : thing.surfaces)
    for (const Vec3 p : surface.points)
      if (p.y < 0.4) reach = std::max(reach, std::hypot(p.x, p.z));
  const double wide = 0.8 * reach * placement.scale, flat = std::max(placement.view.y.z, 0.1) * wide;
  shadows.line({placement.x, placement.y}, {placement.x, placement.y}, wide, flat, 0.4);
}

// What a picture's sensor and development add.
struct Camera {
  std::array<float, 3> gain{}, offset{};
  float noise = 0;
};

Camera draw_camera(Random& random) {
  Camera camera;
  const double contrast = random.uniform(0.78, 1.12), brightness = random.uniform(-18, 16);
  for (std::size_t c = 0; c < 3; ++c) {
    camera.gain[c] = static_cast<float>(contrast * random.uniform(0.95, 1.05));
    camera.offset[c] = static_cast<float>(128 + brightness - 128 * contrast);
  }
  camera.noise = static_cast<float>(random.uniform(0, 1) * random.uniform(0, 7));
  return camera;
}

// Samples over the backdrop, developed.
void develop(Picture& picture, const Canvas& canvas, const Camera& camera, Random& random) {
  constexpr std::size_t kGrains = 4096;
  std::array<float, kGrains> grains{};
  for (float& grain : grains)
    grain = camera.noise * static_cast<float>(random.uniform() + random.uniform() + random.uniform() - 1.5) * 2;
  for (int y = 0; y < picture.height; ++y) {
    std::uint8_t* pixel = picture.row(y);
    std::size_t grain = random.bits() % kGrains;
    for (int x = 0; x < picture.width; ++x, pixel += Picture::channels) {
      std::array<std::uint32_t, 3> sum{};
      for (int row = 2 * y; row < 2 * y + 2; ++row)
        for (int column = 2 * x; column < 2 * x + 2; ++column) {
          const bool empty = canvas.owner(column, row) == kNobody;
          const std::uint32_t colour = canvas.colour(column, row);
          for (std::size_t c = 0; c < 3; ++c) sum[c] += empty ? pixel[c] : colour >> (8 * c) & 255u;
        }
      for (std::size_t c = 0; c < 3; ++c) {
        grain = (grain + 1) % kGrains;
        const float value = camera.gain[c] * (static_cast<float>(sum[c]) / 4) + camera.offset[c] + grains[grain];
        pixel[c] = static_cast<std::uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f));
      }
    }
  }
  static_assert(Canvas::kSamples == 2);
}

int count_labelled(const std::vector<SynthPerson>& people) {
  return static_cast<int>(std::ranges::count_if(people, [](const SynthPerson& p) { return p.labelled() > 0; }));
}

// Whether what is seen keeps the preset's promise.
bool holds(SynthPreset preset, const std::vector<SynthPerson>& people, int height) {
  const int labelled = count_labelled(people);
  if (preset == SynthPreset::crowd) return labelled >= 5;
  if (preset == SynthPreset::varied) return labelled >= 1;
  return labelled >= 1 &&
         std::ranges::all_of(people, [&](const SynthPerson& p) { return p.labelled() > 0 && 4 * p.box[3] >= height; });
}

struct Drawn {
  Scene scene;
  std::vector<SynthPerson> people;
};

Drawn draw_until_it_holds(Random& random, const SynthOptions& options, Canvas& canvas) {
  constexpr int kMostTries = 1000;  // a few are needed; the limit is for a preset that cannot hold
  for (int tries = 0; tries < kMostTries; ++tries) {
    Drawn drawn{draw_scene(random, options.preset, options.width, options.height), {}};
    render(canvas, drawn.scene);
    drawn.people = label_people(drawn.scene, canvas);
    if (holds(options.preset, drawn.people, options.height)) return drawn;
  }
  require(false, "a preset of synthetic people that cannot be drawn");
  return {};
}

Random random_for(const SynthOptions& options, std::string_view split, int index) {
  return {options.seed, hash_name(split), static_cast<std::uint64_t>(index), RandomPurpose::synthesis};
}

}  // namespace

Scene scene_of(const SynthOptions& options, std::string_view split, int index, Canvas& canvas) {
  Random random = random_for(options, split, index);
  return draw_until_it_holds(random, options, canvas).scene;
}

SynthPicture draw_picture(const SynthOptions& options, std::string_view split, int index, Canvas& canvas) {
  Random random = random_for(options, split, index);
  Drawn drawn = draw_until_it_holds(random, options, canvas);
  const Scene& scene = drawn.scene;
  SynthPicture result{paint_backdrop(random, scene.lens, scene.farthest(), options.width, options.height),
                      std::move(drawn.people)};
  Shadows shadows(options.width, options.height);
  for (const PlacedFigure& person : scene.people) cast_shadow(shadows, person, scene);
  for (const PlacedThing& thing : scene.things) cast_shadow(shadows, thing);
  shadows.apply(result.picture);
  develop(result.picture, canvas, draw_camera(random), random);
  return result;
}

}  // namespace posecu
