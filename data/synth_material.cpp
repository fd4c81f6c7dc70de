#include "data/synth_material.h"

#include <algorithm>
#include <cmath>

namespace posecu {
namespace {

float fraction(float x) { return x - std::floor(x); }

// A number in 0 .. 1 for each cell of the plane.
float cell_value(int x, int y) {
  std::uint32_t h = static_cast<std::uint32_t>(x) * 0x8DA6B343u ^ static_cast<std::uint32_t>(y) * 0xD8163841u;
  h = (h ^ (h >> 13)) * 0x9E3779B1u;
  return static_cast<float>((h ^ (h >> 16)) >> 8) * 0x1p-24f;
}

bool in_ellipse(float x, float y, float width, float height) {
  const float a = x / width, b = y / height;
  return a * a + b * b < 1;
}

// The front of a head: eyes, brows, mouth, shadow beside the nose. `side` is |x|.
Rgb front_of_face(const Face& face, Rgb skin, float x, float y) {
  constexpr float kEye = 0.28f;
  const float side = std::abs(x), from_eye = side - kEye;
  if (face.glasses) {
    const float a = from_eye / 0.2f, b = (y + 0.02f) / 0.16f, edge = a * a * a * a + b * b * b * b;
    if (edge < 1 && face.dark_glasses) return face.frame;
    if ((edge > 0.55f && edge < 1) || (side < 0.1f && std::abs(y - 0.05f) < 0.025f)) return face.frame;
  }
  if (in_ellipse(from_eye, y, 0.135f, 0.082f)) {
    if (y > 0.05f) return 0.35f * face.brow;  // lashes
    if (in_ellipse(from_eye, y + 0.005f, 0.03f, 0.035f)) return {15, 12, 12};
    if (in_ellipse(from_eye, y, 0.068f, 0.08f)) return face.iris;
    return {238, 236, 232};
  }
  const float brow = y - face.brow_height + 0.35f * from_eye * from_eye;
  if (std::abs(from_eye) < 0.17f && std::abs(brow) < 0.034f) return face.brow;
  const float lips = (y + 0.56f) / (0.075f + face.mouth_open);
  if (in_ellipse(x, y + 0.56f, face.mouth_width, 0.075f + face.mouth_open)) {
    if (std::abs(y + 0.555f - 0.05f * x * x) < 0.014f + 0.6f * face.mouth_open)
      return face.mouth_open > 0.02f && y > -0.555f ? Rgb{240, 236, 230} : 0.45f * face.lips;
    return lips > 0 ? 0.88f * face.lips : face.lips;
  }
  const bool moustache = in_ellipse(x, y + 0.43f, 0.3f, 0.06f);
  const bool chin = y < -0.38f - 0.35f * (0.6f - side) && !in_ellipse(x, y + 0.56f, 0.3f, 0.1f);
  if (moustache || chin) return mix(skin, face.brow, face.beard);
  if (in_ellipse(from_eye, y, 0.2f, 0.14f)) return 0.93f * skin;                                 // hollows of the eyes
  if (in_ellipse(side - 0.42f, y + 0.3f, 0.2f, 0.16f)) return mix(skin, {225, 110, 100}, 0.1f);  // cheeks
  return skin;
}

Rgb face_colour(const Material& m, TexturePoint at) {
  const Rgb skin = m.colours[0];
  if (at.w > 0.02f) return front_of_face(m.face, skin, at.u, at.v);
  if (m.face.glasses && std::abs(at.v - 0.04f) < 0.03f && at.w > -0.15f) return m.face.frame;
  return skin;
}

Rgb print_colour(const Material& m, TexturePoint at) {
  const float x = (at.u - 0.25f) / 0.075f, y = (at.v - m.phase) / 0.09f;
  if (std::abs(x) > 1 || std::abs(y) > 1) return m.colours[0];
  if (m.share < 0.4f) return in_ellipse(x, y, 1, 1) ? m.colours[1] : m.colours[0];
  return fraction(2.5f * y + 0.25f) < 0.5f ? m.colours[1] : m.colours[0];
}

Rgb open_colour(const Material& m, TexturePoint at) {
  const float from_front = std::abs(at.u - 0.25f);
  if (from_front < 0.035f * m.share + 0.01f) return m.colours[1];
  return from_front < 0.035f * m.share + 0.025f ? m.colours[2] : m.colours[0];
}

Rgb blotch_colour(const Material& m, TexturePoint at) {
  const float x = at.u * m.around, y = at.v * m.along + m.phase;
  if (smooth_noise(x, y) > 1 - m.share) return m.colours[1];
  return smooth_noise(x + 31.7f, y + 11.3f) > 1 - 0.6f * m.share ? m.colours[2] : m.colours[0];
}

}  // namespace

float smooth_noise(float x, float y) {
  const float left = std::floor(x), top = std::floor(y);
  const int i = static_cast<int>(left), j = static_cast<int>(top);
  const auto ease = [](float t) { return t * t * (3 - 2 * t); };
  const float a = ease(x - left), b = ease(y - top);
  const float upper = cell_value(i, j) + a * (cell_value(i + 1, j) - cell_value(i, j));
  const float lower = cell_value(i, j + 1) + a * (cell_value(i + 1, j + 1) - cell_value(i, j + 1));
  return upper + b * (lower - upper);
}

Rgb colour_at(const Material& m, TexturePoint at) {
  const Rgb first = m.colours[0], second = m.colours[1];
  const float u = fraction(at.u * m.around + m.phase), v = fraction(at.v * m.along + m.phase);
  switch (m.pattern) {
    case Pattern::plain:
      return first;
    case Pattern::stripes:
      return v < m.share ? second : first;
    case Pattern::pales:
      return u < m.share ? second : first;
    case Pattern::checks:
      return u < m.share ? (v < m.share ? second : mix(first, second, 0.5f))
                         : (v < m.share ? mix(first, second, 0.5f) : first);
    case Pattern::dots:
      return in_ellipse(u - 0.5f, v - 0.5f, m.share, m.share) ? second : first;
    case Pattern::blotches:
      return blotch_colour(m, at);
    case Pattern::print:
      return print_colour(m, at);
    case Pattern::open:
      return open_colour(m, at);
    case Pattern::shoe:
      return at.w < 0 ? second : (at.w < 0.35f || v < m.share ? first : m.colours[2]);
    case Pattern::strands:
      return (0.82f + 0.3f * smooth_noise(at.u * m.around, at.v * m.along + m.phase)) * first;
    case Pattern::grain:
      return mix(first, second, smooth_noise(at.u * m.around + m.phase, at.v * m.along));
    case Pattern::face:
      return face_colour(m, at);
  }
  return first;
}

}  // namespace posecu
