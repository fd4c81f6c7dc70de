#include "data/synth_look.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace posecu {
namespace {

template <class T, std::size_t n>
const T& pick(Random& random, const std::array<T, n>& list) {
  return list[static_cast<std::size_t>(random.below(static_cast<int>(n)))];
}

constexpr auto kSkins = std::to_array<Rgb>(
    {{255, 222, 200}, {246, 208, 178}, {232, 188, 152}, {208, 158, 118}, {172, 120, 82}, {128, 84, 56}, {92, 60, 42}});
constexpr auto kHairs = std::to_array<Rgb>({{28, 24, 22},
                                            {48, 34, 26},
                                            {78, 52, 34},
                                            {112, 76, 46},
                                            {168, 126, 78},
                                            {212, 176, 118},
                                            {140, 66, 34},
                                            {150, 148, 146}});
constexpr auto kIrises = std::to_array<Rgb>({{70, 46, 30}, {92, 62, 38}, {82, 108, 136}, {92, 116, 84}});
constexpr auto kQuietCloths = std::to_array<Rgb>({{34, 34, 38},
                                                  {58, 60, 66},
                                                  {112, 114, 118},
                                                  {176, 178, 180},
                                                  {232, 232, 228},
                                                  {38, 48, 78},
                                                  {62, 82, 120},
                                                  {106, 134, 172},
                                                  {178, 158, 128},
                                                  {112, 92, 70},
                                                  {92, 100, 72},
                                                  {140, 40, 44}});

Rgb jitter(Random& random, Rgb c, double amount) {
  const float light = draw(random, 1 - amount, 1 + amount);
  return {std::min(c.r * light * draw(random, 0.96, 1.04), 255.0f), std::min(c.g * light, 255.0f),
          std::min(c.b * light * draw(random, 0.96, 1.04), 255.0f)};
}

Material draw_face(Random& random, Rgb skin, Rgb hair) {
  Material m = plain(skin);
  m.pattern = Pattern::face;
  Face& face = m.face;
  face.iris = pick(random, kIrises);
  face.brow = 0.75f * hair;
  face.lips = mix(skin, {176, 54, 62}, draw(random, 0.3, 0.75));
  face.brow_height = draw(random, 0.155, 0.2);
  face.mouth_width = draw(random, 0.21, 0.3);
  face.mouth_open = random.chance(0.35) ? draw(random, 0.015, 0.06) : 0;
  face.glasses = random.chance(0.18);
  face.dark_glasses = face.glasses && random.chance(0.35);
  face.frame = random.chance(0.7) ? Rgb{28, 26, 28} : Rgb{120, 60, 40};
  return m;
}

Hair draw_hair(Random& random, bool long_hair) {
  if (long_hair)
    return pick(random,
                std::array{Hair::bob, Hair::flowing, Hair::flowing, Hair::tail, Hair::bun, Hair::parted, Hair::afro});
  return pick(random, std::array{Hair::bald, Hair::stubble, Hair::cropped, Hair::cropped, Hair::parted, Hair::parted,
                                 Hair::afro});
}

void draw_top(Look& look, Random& random) {
  look.top = draw_cloth(random, draw_cloth_colour(random));
  const double kind = random.uniform();
  look.sleeves = kind < 0.48 ? Sleeves::half : kind < 0.92 ? Sleeves::whole : Sleeves::none;
  look.top_loose = random.uniform(0.3, 1.7);
  look.hem = random.uniform(-0.09, 0.08);
  if (look.sleeves != Sleeves::whole || !random.chance(0.35)) return;
  const Rgb shirt = draw_cloth_colour(random), jacket = look.top.colours[0];
  look.top = plain(jacket);  // a jacket
  look.top.pattern = Pattern::open;
  look.top.colours = {jacket, shirt, 0.7f * jacket};
  look.top.share = random.chance(0.4) ? 0 : draw(random, 0.3, 2);
  look.top_loose = random.uniform(1.2, 2);
  look.hem = random.chance(0.2) ? random.uniform(-0.35, -0.15) : random.uniform(-0.1, 0);
}

void draw_legwear(Look& look, Random& random, bool skirts) {
  const double kind = random.uniform();
  look.legs = kind < 0.62              ? Legwear::trousers
              : kind < 0.82 || !skirts ? Legwear::shorts
              : kind < 0.94            ? Legwear::skirt
                                       : Legwear::long_skirt;
  const Rgb denim = mix({48, 62, 96}, {112, 140, 178}, draw(random, 0, 1));
  const Rgb colour = random.chance(0.35) ? denim : draw_cloth_colour(random);
  look.legwear = look.legs == Legwear::trousers && random.chance(0.85) ? plain(colour) : draw_cloth(random, colour);
  look.legs_loose = random.uniform(0.2, 1.8);
  look.skirt = look.legs == Legwear::long_skirt ? random.uniform(0.7, 0.9) : random.uniform(0.28, 0.55);
  if (skirts && look.legs >= Legwear::skirt && random.chance(0.5)) look.top = look.legwear, look.hem = 0.02;  // a dress
}

void draw_shoes(Look& look, Random& random) {
  look.shoes = plain(random.chance(0.5) ? pick(random, kQuietCloths) : draw_cloth_colour(random));
  look.shoes.pattern = Pattern::shoe;
  look.shoes.colours[1] = random.chance(0.5) ? Rgb{228, 228, 224} : 0.5f * look.shoes.colours[0];
  look.shoes.colours[2] = random.chance(0.3) ? Rgb{235, 235, 235} : look.shoes.colours[0];
  look.shoes.along = 20;
  look.socks = plain(random.chance(0.6) ? Rgb{230, 230, 228} : pick(random, kQuietCloths));
}

}  // namespace

Rgb from_hsv(double hue_degrees, double saturation, double value) {
  const auto channel = [&](double n) {
    const double k = std::fmod(n + hue_degrees / 60, 6);
    return static_cast<float>(255 * value * (1 - saturation * std::clamp(std::min(k, 4 - k), 0.0, 1.0)));
  };
  return {channel(5), channel(3), channel(1)};
}

Rgb draw_hsv(Random& random, Range hue_degrees, Range saturation, Range value) {
  const double h = random.uniform(hue_degrees.least, hue_degrees.most);
  const double s = random.uniform(saturation.least, saturation.most);
  return from_hsv(h, s, random.uniform(value.least, value.most));
}

Rgb draw_cloth_colour(Random& random) {
  if (random.chance(0.45)) return jitter(random, pick(random, kQuietCloths), 0.12);
  return draw_hsv(random, {0, 360}, {0.25, 0.9}, {0.3, 0.95});
}

Material draw_cloth(Random& random, Rgb colour) {
  Material m = plain(colour);
  const double kind = random.uniform();
  if (kind < 0.5) return m;
  m.pattern = kind < 0.64   ? Pattern::stripes
              : kind < 0.70 ? Pattern::pales
              : kind < 0.78 ? Pattern::checks
              : kind < 0.83 ? Pattern::dots
              : kind < 0.90 ? Pattern::blotches
                            : Pattern::print;
  m.colours[1] = random.chance(0.5)   ? draw_cloth_colour(random)
                 : random.chance(0.5) ? mix(colour, {255, 255, 255}, 0.6f)
                                      : 0.5f * colour;
  m.colours[2] = draw_cloth_colour(random);
  m.along = draw(random, 8, 26);
  m.around = static_cast<float>(4 + random.below(9));
  m.share = m.pattern == Pattern::dots ? draw(random, 0.18, 0.32) : draw(random, 0.25, 0.6);
  m.phase = m.pattern == Pattern::print ? draw(random, 0.34, 0.42) : draw(random, 0, 1);
  return m;
}

Look draw_look(Random& random) {
  Look look;
  const Rgb skin = jitter(random, pick(random, kSkins), 0.06), hair = jitter(random, pick(random, kHairs), 0.15);
  const bool long_hair = random.chance(0.5);
  look.skin = plain(skin);
  look.hair = plain(hair);
  look.hair.pattern = Pattern::strands;
  look.hair.around = 26, look.hair.along = 6;
  look.style = draw_hair(random, long_hair);
  look.face = draw_face(random, skin, hair);
  if (!long_hair && random.chance(0.35)) look.face.face.beard = draw(random, 0.3, 0.9);
  look.fringe = random.chance(0.35);
  draw_top(look, random);
  draw_legwear(look, random, long_hair);
  draw_shoes(look, random);
  const double hat = random.uniform();
  look.hat = hat < 0.08 ? Hat::cap : hat < 0.14 ? Hat::beanie : hat < 0.17 ? Hat::brim : Hat::none;
  look.hat_cloth = plain(draw_cloth_colour(random));
  look.backpack = random.chance(0.08);
  look.bag = plain(draw_cloth_colour(random));
  return look;
}

Look in_clothes_of(Look person, const Look& clothes) {
  person.top = clothes.top, person.legwear = clothes.legwear, person.shoes = clothes.shoes,
  person.socks = clothes.socks;
  person.sleeves = clothes.sleeves, person.legs = clothes.legs, person.hem = clothes.hem, person.skirt = clothes.skirt;
  person.top_loose = clothes.top_loose, person.legs_loose = clothes.legs_loose;
  return person;
}

}  // namespace posecu
