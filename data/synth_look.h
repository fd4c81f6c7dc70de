// What synthetic people wear, and the colours of skin and hair.
#pragma once

#include "core/random.h"
#include "data/synth_material.h"

namespace posecu {

enum class Sleeves { none, half, whole };
enum class Legwear { trousers, shorts, skirt, long_skirt };
enum class Hair { bald, stubble, cropped, parted, bob, flowing, tail, bun, afro };
enum class Hat { none, cap, beanie, brim };

struct Look {
  Material skin, face, hair, top, legwear, shoes, socks, hat_cloth, bag;
  Sleeves sleeves = Sleeves::half;
  Legwear legs = Legwear::trousers;
  Hair style = Hair::cropped;
  Hat hat = Hat::none;
  double top_loose = 1, legs_loose = 1;  // 0 tight .. 2 wide
  double hem = -0.02;                    // of the top, metres above the hip joints
  double skirt = 0.4;                    // its length, as a share of the leg
  bool fringe = false, backpack = false;
};

Look draw_look(Random& random);
// Another person in the same clothes.
Look in_clothes_of(Look person, const Look& clothes);

inline float draw(Random& random, double least, double most) { return static_cast<float>(random.uniform(least, most)); }

Rgb draw_cloth_colour(Random& random);
// A plain or patterned cloth of that colour.
Material draw_cloth(Random& random, Rgb colour);
Rgb from_hsv(double hue_degrees, double saturation, double value);

struct Range {
  double least, most;
};
Rgb draw_hsv(Random& random, Range hue_degrees, Range saturation, Range value);

}  // namespace posecu
