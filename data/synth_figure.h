// A synthetic person in space: everything that is drawn of them, and where their joints are.
#pragma once

#include <array>
#include <vector>

#include "data/synth_look.h"
#include "data/synth_pose.h"
#include "data/synth_surface.h"

namespace posecu {

// COCO's 17 keypoints in COCO's order, then CrowdPose's top of the head and neck.
inline constexpr std::size_t kBodyPoints = 19;

// A keypoint lies within the body: it is hidden where something is nearer to the viewer than it by more than `reach`,
// the thickness of the flesh and cloth over it.
struct BodyPoint {
  Vec3 at;
  double reach = 0;
  Vec3 outward;          // of a face's features
  bool of_face = false;  // whether it is nothing to label when the head itself hides it
};

struct Figure {
  std::vector<Surface> surfaces;  // of the person
  std::vector<Surface> things;    // what belongs to nobody: a seat, a bag, a ball
  std::array<BodyPoint, kBodyPoints> points;
};

// `sides` is how many flat pieces go around a limb. Metres of a grown-up of 1.75 m.
Figure make_figure(const Build& build, const Pose& pose, const Look& look, int sides);

// Parts of make_figure: head with hair and hat; limbs and clothes.
void add_head(Figure& figure, const Bones& bones, const Build& build, const Look& look, int sides);
void add_body(Figure& figure, const Bones& bones, const Build& build, const Look& look, int sides);

}  // namespace posecu
