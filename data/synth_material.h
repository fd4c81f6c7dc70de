// Colours of synthetic things, as functions of a surface's texture coordinates.
#pragma once

#include <array>
#include <cstdint>

namespace posecu {

struct Rgb {
  float r = 0, g = 0, b = 0;  // 0 .. 255, as stored in a picture
};

inline Rgb operator*(float s, Rgb c) { return {s * c.r, s * c.g, s * c.b}; }
inline Rgb operator+(Rgb a, Rgb b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
inline Rgb mix(Rgb a, Rgb b, float t) { return (1 - t) * a + t * b; }

enum class Pattern {
  plain,
  stripes,   // along the tube: rings of both colours
  pales,     // stripes around it
  checks,    // both
  dots,      // second colour on the first
  blotches,  // two colours on the first, as camouflage or flowers
  print,     // a sign on the chest
  open,      // a jacket: second colour where it stands open in front, third at its rim
  shoe,      // the second colour below the mark
  strands,   // hair
  grain,     // wood, stone, leaves: the first colour, darker and lighter
  face       // a head; texture is the point itself, in half heights of the head
};

// How a face is painted.
struct Face {
  Rgb iris, brow, lips, frame;
  float brow_height = 0.17f, mouth_width = 0.26f, mouth_open = 0, beard = 0;  // beard: 0 none .. 1 full
  bool glasses = false, dark_glasses = false;
};

struct Material {
  Pattern pattern = Pattern::plain;
  std::array<Rgb, 3> colours{};
  float around = 1, along = 1, share = 0.5f, phase = 0;  // repetitions a turn and a metre; share of the second colour
  Face face;
};

struct TexturePoint {
  float u, v, w;
};

inline Material plain(Rgb colour) {
  Material material;
  material.colours = {colour, colour, colour};
  return material;
}

Rgb colour_at(const Material& material, TexturePoint at);

// Smooth noise in 0 .. 1 with one cell a unit.
float smooth_noise(float x, float y);

}  // namespace posecu
