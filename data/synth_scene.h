// Synthetic scenes: who stands where, among which things, in which light.
#pragma once

#include <vector>

#include "data/picture.h"
#include "data/synth_backdrop.h"
#include "data/synth_canvas.h"
#include "data/synth_figure.h"

namespace posecu {

enum class SynthPreset {
  easy,    // 1 to 4 people apart, facing the camera, each at least a quarter of the picture's height
  varied,  // 1 to 8 of all sizes and from all sides, cut by the picture's edge, behind each other and behind things
  crowd    // 5 to 20 who overlap
};

struct PlacedFigure {
  Figure figure;
  Placement placement;
};
struct PlacedThing {
  std::vector<Surface> surfaces;
  Placement placement;
};

struct Scene {
  int width = 0, height = 0;
  std::vector<PlacedFigure> people;
  std::vector<PlacedThing> things;
  Lens lens;
  Lighting lighting;
  bool sun = false;  // people cast a shadow beside them, not only below

  double farthest() const;  // metres, of people and things
};

Scene draw_scene(Random& random, SynthPreset preset, int width, int height);

// Furniture, plants, balls, and what resembles people: a lamp, a coat on a stand, a snowman. It stands on the ground
// at the origin.
std::vector<Surface> draw_thing(Random& random);

// The person i of the scene owns samples as i + 1.
inline constexpr std::uint8_t kNobody = 0, kThing = 255;
void render(Canvas& canvas, const Scene& scene);

}  // namespace posecu
