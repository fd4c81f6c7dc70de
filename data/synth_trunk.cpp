#include "data/synth_trunk.h"

#include <algorithm>
#include <array>

namespace posecu {
namespace {

constexpr auto kTrunk = std::to_array<TrunkCut>({{0.590, 0.046, 0.048, -0.012},
                                                 {0.572, 0.058, 0.056, -0.012},
                                                 {0.556, 0.092, 0.064, -0.014},
                                                 {0.540, 0.132, 0.076, -0.013},
                                                 {0.518, 0.160, 0.087, -0.010},
                                                 {0.485, 0.170, 0.100, -0.004},
                                                 {0.440, 0.168, 0.110, 0.002},
                                                 {0.390, 0.162, 0.113, 0.005},
                                                 {0.330, 0.152, 0.108, 0.004},
                                                 {0.260, 0.142, 0.100, 0.003},
                                                 {0.200, 0.138, 0.098, 0.002},
                                                 {0.140, 0.145, 0.102, -0.002},
                                                 {0.080, 0.158, 0.110, -0.006},
                                                 {0.030, 0.166, 0.115, -0.010},
                                                 {-0.020, 0.164, 0.112, -0.010},
                                                 {-0.060, 0.135, 0.090, -0.006},
                                                 {-0.090, 0.060, 0.050, 0}});

}  // namespace

std::span<const TrunkCut> trunk_cuts() { return kTrunk; }

TrunkCut trunk_cut(double height) {
  std::size_t i = 1;
  while (i + 1 < kTrunk.size() && kTrunk[i].height > height) ++i;
  const TrunkCut &a = kTrunk[i - 1], &b = kTrunk[i];
  const double t = std::clamp((a.height - height) / (a.height - b.height), 0.0, 1.0);
  const auto between = [t](double above, double below) { return above + t * (below - above); };
  return {height, between(a.width, b.width), between(a.depth, b.depth), between(a.before, b.before)};
}

double smooth_step(double low, double high, double x) {
  const double t = std::clamp((x - low) / (high - low), 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

Rotation Trunk::turn(double height) const {
  const double waist = smooth_step(0.04, 0.2, height), chest = smooth_step(0.2, 0.36, height);
  const auto blend = [&](Vec3 pelvis, Vec3 middle, Vec3 upper) {
    return direction(mix(mix(pelvis, middle, waist), upper, chest));
  };
  return {blend(bones_.pelvis_turn.x, bones_.waist_turn.x, bones_.chest_turn.x),
          blend(bones_.pelvis_turn.y, bones_.waist_turn.y, bones_.chest_turn.y),
          blend(bones_.pelvis_turn.z, bones_.waist_turn.z, bones_.chest_turn.z)};
}

Vec3 Trunk::centre(double height) const {
  if (height < 0.15) return bones_.pelvis + height * bones_.pelvis_turn.y;
  if (height < 0.3) return mix(bones_.waist, bones_.chest, (height - 0.15) / 0.15);
  return bones_.chest + (height - 0.3) * bones_.chest_turn.y;
}

Ring Trunk::ring(const TrunkCut& cut, double cloth) const {
  const double shoulder = smooth_step(0.36, 0.48, cut.height), hip = 1 - smooth_step(0.04, 0.16, cut.height);
  const double belly = (1 - shoulder) * (1 - hip), neck = smooth_step(0.54, 0.57, cut.height);
  const double wide = (shoulder * build_.shoulders + belly * build_.waist + hip * build_.hips) * (1 - neck) + neck;
  const double deep = (belly * (build_.waist * build_.waist) + (1 - belly)) * (1 - neck) + neck;
  const double bust = build_.bust * std::max(0.0, 1 - std::abs(cut.height - 0.4) / 0.09);
  const Rotation r = turn(cut.height);
  const double ahead = cut.before + bust / 2 + 0.05 * std::max(build_.waist - 1, 0.0) * belly;
  return {centre(cut.height) + ahead * r.z, (cut.width * wide + cloth) * r.x,
          (cut.depth * deep + bust / 2 + cloth) * r.z, cut.height, 0};
}

}  // namespace posecu
