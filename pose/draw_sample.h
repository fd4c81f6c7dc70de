// A training sample as a picture, to look at: what a network is shown and what it shall answer.
#pragma once

#include <span>

#include "data/picture.h"
#include "data/sample.h"
#include "data/skeleton.h"

namespace posecu {

// `image` [S,S,3] as make_sample writes it. Panels side by side, S x S each: the image with its people, the keypoints
// named, masked regions (crowds, unlabelled people, outside of the picture) in red; then for each resolution the
// targets over the darkened image: Gaussians of `sigma` heatmap pixels, the highest of all at each pixel.
Picture draw_sample(std::span<const float> image, int size, const SampleLabels& labels, const Skeleton& skeleton,
                    double sigma);

}  // namespace posecu
