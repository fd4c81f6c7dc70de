#include "data/test_resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "data/warp.h"

namespace posecu {
namespace {

constexpr int kMultiple = 64;

}  // namespace

TestGeometry test_geometry(int width, int height, int input_size, const std::string& name) {
  const int size = (input_size + kMultiple - 1) / kMultiple * kMultiple;
  const int shorter = std::min(width, height), longer = std::max(width, height);
  const double rounded_up = std::ceil(static_cast<double>(size) / shorter * longer / kMultiple) * kMultiple;
  if (rounded_up * size > static_cast<double>(kMaxPicturePixels))
    throw InputError(
        name, "", fmt::format("{} x {} pixels are too narrow to resize to {} on the short side", width, height, size));
  const int other = static_cast<int>(rounded_up);
  const double short_scale = shorter / kScaleUnit, long_scale = rounded_up / size * shorter / kScaleUnit;
  TestGeometry geometry;
  geometry.centre = {std::nearbyint(width / 2.0), std::nearbyint(height / 2.0)};
  if (width < height) {
    geometry.base = {size, other};
    geometry.scale = {short_scale, long_scale};
  } else {
    geometry.base = {other, size};
    geometry.scale = {long_scale, short_scale};
  }
  return geometry;
}

Size scaled_size(const TestGeometry& geometry, double factor) {
  return {std::max(static_cast<int>(geometry.base.width * factor), 1),
          std::max(static_cast<int>(geometry.base.height * factor), 1)};
}

Affine test_map(const TestGeometry& geometry, double factor) {
  const Size size = scaled_size(geometry, factor);
  return official_map(geometry.centre, geometry.scale.x * kScaleUnit, 0, size.width, size.height);
}

Picture test_resize(const Picture& picture, const TestGeometry& geometry, double factor) {
  const Size size = scaled_size(geometry, factor);
  return warp(picture, test_map(geometry, factor), size.width, size.height);
}

TestPicture::TestPicture(Context& context, Mirrored mirrored)
    : context_(context), mirrored_(mirrored), staging_(context, Staging::Use::pictures) {}

void TestPicture::send(const Picture& picture, const TestGeometry& geometry, std::span<const double> factors) {
  const auto sides = static_cast<std::size_t>(this->sides());
  places_.clear();
  for (const double factor : factors) {
    const Size size = scaled_size(geometry, factor);
    places_.push_back(warp_places(test_map(geometry, factor), size.width, size.height));
  }
  const int pixels = staging_.add<std::uint8_t>(picture.pixels);
  std::vector<int> columns, rows;
  for (const WarpPlaces& places : places_) {
    columns.push_back(staging_.add<FixedPoint>(places.columns));
    rows.push_back(staging_.add<FixedPoint>(places.rows));
  }
  tasks_.resize(factors.size() * sides);
  tasks_piece_ = staging_.add<WarpTask>(tasks_);
  table_piece_ = staging_.add<float>(normalisation_table());
  staging_.place();
  for (std::size_t i = 0; i < tasks_.size(); ++i)
    tasks_[i] = {staging_.address<std::uint8_t>(pixels),
                 staging_.address<FixedPoint>(columns[i / sides]),
                 staging_.address<FixedPoint>(rows[i / sides]),
                 picture.width,
                 picture.height,
                 i % sides == 0 ? Mirror::no : Mirror::yes};
  staging_.send();
}

void TestPicture::make(View<float> images, std::size_t scale) const {
  const WarpPlaces& places = places_.at(scale);
  const WarpShape shape{sides(), static_cast<int>(places.columns.size()), static_cast<int>(places.rows.size())};
  require(images.shape() == Shape{shape.pictures, shape.height, shape.width, 3}, "images of the scale's size");
  warp_normalised(context_.stream(), images.data(),
                  staging_.address<WarpTask>(tasks_piece_) + scale * static_cast<std::size_t>(sides()),
                  staging_.address<float>(table_piece_), shape);
}

}  // namespace posecu
