// People drawn into a picture.
#pragma once

#include <span>

#include "data/picture.h"
#include "data/skeleton.h"
#include "pose/person.h"

namespace posecu {

struct DrawOptions {
  enum class Refined { hide, show };

  double min_score = 0.2;           // keypoints below it are not drawn
  Refined refined = Refined::hide;  // those that refinement filled in: guesses, often far from the body
};

// Limbs (the skeleton's edges, in the colour of their second keypoint) below joints (in the keypoint's colour), smooth
// edges, with a thin dark rim that stands out from any background. Lines are as thick as fits the person: from far
// away thin, never thicker than 1 / 120 of the picture's shorter side. Edges need both their keypoints. People are
// drawn last to first, so that the first ones lie on top. Keypoints may lie outside of the picture.
void draw_people(Picture& picture, const Skeleton& skeleton, std::span<const Person> people,
                 const DrawOptions& options = {});

}  // namespace posecu
