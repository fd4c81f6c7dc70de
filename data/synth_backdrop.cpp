#include "data/synth_backdrop.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "data/synth_look.h"

namespace posecu {
namespace {

// Two octaves of noise around 0.
float rough(float x, float y) {
  return smooth_noise(x, y) + 0.5f * smooth_noise(2.1f * x + 7.3f, 2.1f * y + 3.1f) - 0.75f;
}

std::uint8_t byte(float value) { return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 255.0f) + 0.5f); }

class Painter {
 public:
  Painter(Random& random, const Lens& lens, int width, int height)
      : random_(random), lens_(lens), picture_{width, height, {}}, unit_(static_cast<float>(height)) {
    picture_.pixels.resize(picture_.row_bytes() * static_cast<std::size_t>(height));
  }

  // colour(x, y) for every pixel of some rows.
  template <class Colour>
  void fill(int top, int bottom, const Colour& colour) {
    fill(0, top, picture_.width, bottom, colour);
  }
  template <class Colour>
  void fill(int left, int top, int right, int bottom, const Colour& colour) {
    left = std::max(left, 0), right = std::min(right, picture_.width);
    for (int y = std::max(top, 0); y < std::min(bottom, picture_.height); ++y)
      for (int x = left; x < right; ++x) put(x, y, colour(static_cast<float>(x), static_cast<float>(y)));
  }

  void outdoors() {
    const int edge = static_cast<int>(std::lround(lens_.horizon));
    sky(edge);
    const double kind = random_.uniform();
    if (kind < 0.4)
      trees(edge);
    else if (kind < 0.8)
      buildings(edge);
    const double ground_kind = random_.uniform();
    const Rgb ground = ground_kind < 0.4   ? draw_hsv(random_, {75, 115}, {0.25, 0.6}, {0.3, 0.6})
                       : ground_kind < 0.7 ? draw_hsv(random_, {40, 40}, {0, 0.1}, {0.35, 0.65})
                                           : draw_hsv(random_, {25, 45}, {0.15, 0.4}, {0.5, 0.8});
    floor(edge, ground, random_.chance(0.3));
  }

  void indoors(double farthest) {
    const double beyond = farthest * random_.uniform(1.05, 1.6);
    const int edge = static_cast<int>(std::lround(lens_.horizon + lens_.height * lens_.focal / beyond));
    wall(edge);
    const int things = random_.below(5);
    for (int i = 0; i < things; ++i) wall_thing(edge);
    const Rgb skirting = random_.chance(0.5) ? Rgb{225, 222, 216} : Rgb{96, 72, 52};
    fill(edge - std::max(2, picture_.height / 50), edge, [&](float, float) { return skirting; });
    floor(edge, random_.chance(0.6) ? draw_hsv(random_, {18, 38}, {0.2, 0.55}, {0.35, 0.75}) : muted(), true);
  }

  void abstract() {
    const Rgb a = muted(), b = muted(), c = muted();
    const float grain = draw(random_, 2, 9) / unit_, amount = draw(random_, 0.1, 0.5);
    fill(0, picture_.height, [&](float x, float y) {
      const Rgb base = mix(mix(a, b, x / static_cast<float>(picture_.width)), c, y / unit_);
      return (1 + amount * rough(x * grain, y * grain)) * base;
    });
    const int shapes = random_.below(7);
    for (int i = 0; i < shapes; ++i) wall_thing(picture_.height);
  }

  Picture take() { return std::move(picture_); }

 private:
  void put(int x, int y, Rgb c) {
    std::uint8_t* pixel = picture_.row(y) + Picture::channels * x;
    pixel[0] = byte(c.r), pixel[1] = byte(c.g), pixel[2] = byte(c.b);
  }

  Rgb muted() { return draw_hsv(random_, {0, 360}, {0, 0.4}, {0.3, 0.9}); }

  void sky(int edge) {
    const double weather = random_.uniform();
    const Rgb high = weather < 0.6 ? draw_hsv(random_, {200, 218}, {0.3, 0.65}, {0.7, 0.95})
                                   : from_hsv(215, 0.06, draw(random_, 0.6, 0.88));
    const Rgb low = weather < 0.12 ? Rgb{244, 190, 140} : mix(high, {245, 246, 248}, 0.65f);
    const float cloud = draw(random_, 0, 0.8), size = draw(random_, 2.5, 6) / unit_, offset = draw(random_, 0, 100);
    fill(0, edge, [&](float x, float y) {
      const float t = std::clamp(1 - (static_cast<float>(edge) - y) / unit_ * 1.4f, 0.0f, 1.0f);
      const float puff = std::clamp(2.2f * rough(x * size + offset, y * size * 2.2f), 0.0f, 1.0f);
      return mix(mix(high, low, t), {250, 250, 250}, cloud * puff);
    });
  }

  void trees(int edge) {
    const Rgb leaves = draw_hsv(random_, {80, 140}, {0.25, 0.5}, {0.25, 0.45});
    const float tall = draw(random_, 0.06, 0.4) * unit_, offset = draw(random_, 0, 100);
    fill(edge - static_cast<int>(1.6f * tall), edge + 1, [&](float x, float y) {
      const float top = static_cast<float>(edge) - tall * (0.6f + 0.8f * smooth_noise(x * 5 / unit_ + offset, 0.5f) +
                                                           0.25f * smooth_noise(x * 24 / unit_, offset));
      if (y < top) return at(x, y);
      return (0.9f + 0.45f * rough(x * 22 / unit_, y * 22 / unit_)) * leaves;
    });
  }

  Rgb at(float x, float y) const {
    const std::uint8_t* pixel = picture_.row(static_cast<int>(y)) + Picture::channels * static_cast<int>(x);
    return {static_cast<float>(pixel[0]), static_cast<float>(pixel[1]), static_cast<float>(pixel[2])};
  }

  void buildings(int edge) {
    for (float left = -draw(random_, 0, 0.2) * unit_; left < static_cast<float>(picture_.width);) {
      const float wide = draw(random_, 0.15, 0.6) * unit_, tall = draw(random_, 0.12, 0.75) * unit_;
      const Rgb wall = muted(), glass = random_.chance(0.6) ? Rgb{70, 84, 98} : Rgb{170, 190, 205};
      const float step = draw(random_, 0.045, 0.09) * unit_, begin = left;
      const int roof = edge - static_cast<int>(tall);
      fill(static_cast<int>(left), roof, static_cast<int>(left + wide), edge + 1, [&](float x, float y) {
        const float u = (x - begin) / step, v = (y - static_cast<float>(roof)) / (1.25f * step);
        const bool window = u - std::floor(u) > 0.4f && v - std::floor(v) > 0.4f && x - begin < wide - 0.4f * step;
        return window ? glass : (0.95f + 0.12f * smooth_noise(x * 40 / unit_, y * 40 / unit_)) * wall;
      });
      left += wide + (random_.chance(0.6) ? 0 : draw(random_, 0, 0.15) * unit_);
    }
  }

  void wall(int edge) {
    const Rgb paint = muted(), second = mix(paint, muted(), 0.3f);
    const int kind = random_.below(4);  // plain, plain, papered, bricks
    const float step = draw(random_, 0.03, 0.12) * unit_, lit = draw(random_, -0.3, 0.3);
    fill(0, edge, [&](float x, float y) {
      const float light =
          1 + lit * (x / static_cast<float>(picture_.width) - 0.5f) + 0.06f * rough(x * 6 / unit_, y * 6 / unit_);
      const float row = y / (0.5f * step), shift = std::fmod(std::floor(row), 2.0f) * 0.5f, u = x / step;
      const bool papered = kind == 2 && u - std::floor(u) < 0.5f;
      const bool joint = kind == 3 && (row - std::floor(row) < 0.15f || u + shift - std::floor(u + shift) < 0.08f);
      return light * (papered || joint ? second : paint);
    });
  }

  // A window, a picture, a door, a shelf: a framed rectangle with something in it.
  void wall_thing(int edge) {
    const int left = random_.below(picture_.width), wide = static_cast<int>(draw(random_, 0.08, 0.4) * unit_);
    const bool door = random_.chance(0.3);
    const int top = door ? edge - static_cast<int>(draw(random_, 0.4, 0.8) * unit_) : random_.below(std::max(edge, 1));
    const int bottom = door ? edge : std::min(top + static_cast<int>(draw(random_, 0.08, 0.4) * unit_), edge);
    const Rgb frame = muted(), inside = muted(), other = muted();
    const int rim = std::max(1, picture_.height / 60);
    const float grain = draw(random_, 3, 16) / unit_;
    const int kind = random_.below(3);
    fill(left, top, left + wide, bottom, [&](float x, float y) {
      const int i = static_cast<int>(x), j = static_cast<int>(y);
      if (i < left + rim || i >= left + wide - rim || j < top + rim || j >= bottom - rim) return frame;
      if (kind == 0) return mix(inside, other, std::clamp(0.5f + rough(x * grain, y * grain), 0.0f, 1.0f));
      if (kind == 1) return std::fmod(x * grain * 2, 1.0f) < 0.2f ? frame : mix(inside, {235, 242, 250}, 0.6f);
      return std::fmod(y * grain, 1.0f) < 0.25f
                 ? frame
                 : (0.7f + 0.6f * smooth_noise(x * 30 / unit_, std::floor(y * grain))) * inside;
    });
  }

  void floor(int edge, Rgb colour, bool laid) {
    const int kind = laid ? 1 + random_.below(3) : 0;  // loose, tiles, boards, chequered
    const float size = draw(random_, 0.25, 0.9), contrast = draw(random_, 0.1, 0.35), grain = draw(random_, 2, 7);
    const float middle = 0.5f * static_cast<float>(picture_.width), focal = static_cast<float>(lens_.focal);
    fill(edge, picture_.height, [&](float x, float y) {
      const float below = std::max(y + 0.5f - static_cast<float>(lens_.horizon), 0.5f);
      const float distance = focal * static_cast<float>(lens_.height) / below, aside = (x - middle) * distance / focal;
      const float clear = std::clamp(1.6f - distance * size / 9 / size, 0.15f, 1.0f);  // far away, patterns blur
      float light = 1 + 0.35f * contrast * clear * rough(aside * grain, distance * grain) +
                    0.1f * rough(x * 50 / unit_, y * 50 / unit_);
      const float u = aside / size + 64, v = distance / size;
      if (kind == 1 && (u - std::floor(u) < 0.05f || v - std::floor(v) < 0.05f)) light -= contrast * clear;
      if (kind == 2) light += contrast * clear * (smooth_noise(std::floor(4 * u), 0.5f) - 0.5f);
      if (kind == 3 && (static_cast<int>(u) + static_cast<int>(v)) % 2 == 0) light -= contrast * clear;
      return light * colour;
    });
  }

  Random& random_;
  const Lens& lens_;
  Picture picture_;
  float unit_;  // the picture's height
};

}  // namespace

Picture paint_backdrop(Random& random, const Lens& lens, double farthest, int width, int height) {
  Painter painter(random, lens, width, height);
  const double kind = random.uniform();
  if (kind < 0.45)
    painter.outdoors();
  else if (kind < 0.88)
    painter.indoors(farthest);
  else
    painter.abstract();
  return painter.take();
}

}  // namespace posecu
