// The test-time resize of a picture, as the official ResizeAlign: the short side becomes the input size, the long side
// follows, rounded up to a multiple of 64; the rest of the frame is black.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/context.h"
#include "data/affine.h"
#include "data/picture.h"

namespace posecu {

struct Size {
  int width = 0, height = 0;
};

struct TestGeometry {
  Size base;     // of the network's input at scale factor 1
  Point centre;  // of the picture, in whole pixels
  Point scale;   // of the region that fills the base, in 200 picture pixels
};

// `input_size` is rounded up to a multiple of 64. Throws InputError naming `name` when the picture is so narrow that
// its frame would exceed kMaxPicturePixels.
TestGeometry test_geometry(int width, int height, int input_size, const std::string& name);

Size scaled_size(const TestGeometry& geometry, double factor);

// From picture pixels to those of the frame at a scale factor.
Affine test_map(const TestGeometry& geometry, double factor);

Picture test_resize(const Stream& stream, const Picture& picture, const TestGeometry& geometry, double factor);

}  // namespace posecu
