// The test-time resize of a picture, as the official ResizeAlign: the short side becomes the input size, the long side
// follows, rounded up to a multiple of 64; the rest of the frame is black.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "core/context.h"
#include "core/staging.h"
#include "data/affine.h"
#include "data/picture.h"
#include "data/warp.h"

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

Picture test_resize(const Picture& picture, const TestGeometry& geometry, double factor);

// The same on a Context's device, for a network: a picture is sent once, and warped, normalised and mirrored there for
// each scale.
class TestPicture {
 public:
  enum class Mirrored { no, yes };  // whether its mirror image is wanted too

  TestPicture(Context& context, Mirrored mirrored);

  // Begins to send a picture, which must stay until release(). `factors` are the scales at which it will be wanted.
  void send(const Picture& picture, const TestGeometry& geometry, std::span<const double> factors);
  void receive() { staging_.receive(); }
  // Writes images [1 or 2,h,w,3] of scale factors[scale]: the picture, then its mirror image.
  void make(View<float> images, std::size_t scale) const;
  void release() { staging_.release(); }  // after the last make()

  int sides() const { return mirrored_ == Mirrored::yes ? 2 : 1; }

 private:
  Context& context_;
  Mirrored mirrored_;
  Staging staging_;
  std::vector<WarpPlaces> places_;  // for each scale
  std::vector<WarpTask> tasks_;     // [scales,sides]
  int tasks_piece_ = 0, table_piece_ = 0;
};

}  // namespace posecu
