#include "pose/draw_sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "data/warp.h"
#include "pose/draw.h"
#include "pose/text.h"

namespace posecu {
namespace {

constexpr int kGap = 4;  // white columns between panels

// The bytes that were normalised.
Picture denormalised(std::span<const float> image, int size) {
  Picture picture{size, size, std::vector<std::uint8_t>(image.size())};
  const auto& table = normalisation_table();
  for (std::size_t i = 0; i < image.size(); ++i) {
    int low = 0, high = 255;  // the largest byte whose value is not above the pixel's
    while (low < high) {
      const int middle = (low + high + 1) / 2;
      table[3 * static_cast<std::size_t>(middle) + i % 3] <= image[i] ? low = middle : high = middle - 1;
    }
    picture.pixels[i] = static_cast<std::uint8_t>(low);
  }
  return picture;
}

std::vector<Person> people_of(const SampleLabels& labels, int keypoints, float stride) {
  std::vector<Person> people(labels.scales.size());
  const std::vector<float>& joints = labels.keypoints.front();
  for (std::size_t p = 0; p < people.size(); ++p)
    for (int k = 0; k < keypoints; ++k) {
      const float* joint = joints.data() + (p * static_cast<std::size_t>(keypoints) + static_cast<std::size_t>(k)) * 3;
      people[p].keypoints.push_back({joint[0] * stride, joint[1] * stride, joint[2] > 0 ? 1.f : 0.f, false});
    }
  return people;
}

void redden_masked(Picture& picture, const std::vector<std::uint8_t>& mask, int mask_size) {
  const int stride = picture.width / mask_size;
  for (int y = 0; y < picture.height; ++y)
    for (int x = 0; x < picture.width; ++x) {
      if (mask[static_cast<std::size_t>(y / stride * mask_size + x / stride)] != 0) continue;
      std::uint8_t* pixel = picture.row(y) + Picture::channels * x;
      pixel[0] = static_cast<std::uint8_t>(pixel[0] / 2 + 100);
      pixel[1] /= 2, pixel[2] /= 2;
    }
}

void write_names(Picture& picture, const Skeleton& skeleton, std::span<const Person> people,
                 const std::vector<double>& scales) {
  for (std::size_t p = 0; p < people.size(); ++p) {
    int top = picture.height, left = 0;
    for (std::size_t k = 0; k < people[p].keypoints.size(); ++k) {
      const Keypoint& joint = people[p].keypoints[k];
      if (!(joint.score > 0)) continue;
      const int x = static_cast<int>(joint.x), y = static_cast<int>(joint.y);
      draw_text(picture, x + 5, y - kLetterHeight / 2, skeleton.keypoints[k], skeleton.colours[k]);
      if (y < top) top = y, left = x;
    }
    if (top < picture.height)
      draw_text(picture, left - 20, top - 2 * kLetterHeight, fmt::format("scale {:.3f}", scales[p]), {255, 255, 255});
  }
}

// The targets [size,size]: joints are cut to whole pixels, as training does.
std::vector<float> targets(const std::vector<float>& keypoints, int size, double sigma) {
  std::vector<float> map(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
  const int reach = static_cast<int>(std::ceil(3 * sigma)) + 1;
  for (std::size_t i = 0; i < keypoints.size(); i += 3) {
    if (!(keypoints[i + 2] > 0 && keypoints[i] >= 0 && keypoints[i + 1] >= 0)) continue;
    const int x = static_cast<int>(std::min(keypoints[i], 1e6f)),
              y = static_cast<int>(std::min(keypoints[i + 1], 1e6f));
    if (x >= size || y >= size) continue;
    for (int v = std::max(y - reach, 0); v <= std::min(y + reach, size - 1); ++v)
      for (int u = std::max(x - reach, 0); u <= std::min(x + reach, size - 1); ++u) {
        float& value = map[static_cast<std::size_t>(v * size + u)];
        const double distance2 = (u - x) * (u - x) + (v - y) * (v - y);
        value = std::max(value, static_cast<float>(std::exp(-distance2 / (2 * sigma * sigma))));
      }
  }
  return map;
}

void draw_targets(Picture& picture, const std::vector<float>& map, int map_size) {
  const int stride = picture.width / map_size;
  for (int y = 0; y < picture.height; ++y)
    for (int x = 0; x < picture.width; ++x) {
      const float value = map[static_cast<std::size_t>(y / stride * map_size + x / stride)];
      std::uint8_t* pixel = picture.row(y) + Picture::channels * x;
      for (std::size_t c = 0; c < 3; ++c) {
        constexpr std::array<float, 3> kHot{255, 220, 60};
        const float dark = static_cast<float>(pixel[c]) / 3;
        pixel[c] = static_cast<std::uint8_t>(dark + (kHot[c] - dark) * value);
      }
    }
}

void copy_panel(Picture& canvas, const Picture& panel, int index) {
  const std::size_t left = static_cast<std::size_t>(index * (panel.width + kGap)) * Picture::channels;
  for (int y = 0; y < panel.height; ++y) std::copy_n(panel.row(y), panel.row_bytes(), canvas.row(y) + left);
}

}  // namespace

Picture draw_sample(std::span<const float> image, int size, const SampleLabels& labels, const Skeleton& skeleton,
                    double sigma) {
  require(!labels.keypoints.empty() && labels.keypoints.size() == labels.masks.size(), "a sample has resolutions");
  const auto map_size = [&](std::size_t r) {
    return static_cast<int>(std::lround(std::sqrt(static_cast<double>(labels.masks[r].size()))));
  };
  const Picture plain = denormalised(image, size);
  const int panels = 1 + static_cast<int>(labels.masks.size());
  Picture canvas{panels * (size + kGap) - kGap, size, {}};
  canvas.pixels.assign(canvas.row_bytes() * static_cast<std::size_t>(size), 255);

  Picture shown = plain;
  const std::vector<Person> people =
      people_of(labels, skeleton.size(), static_cast<float>(size) / static_cast<float>(map_size(0)));
  redden_masked(shown, labels.masks.front(), map_size(0));
  draw_people(shown, skeleton, people);
  write_names(shown, skeleton, people, labels.scales);
  copy_panel(canvas, shown, 0);
  for (std::size_t r = 0; r < labels.masks.size(); ++r) {
    Picture panel = plain;
    draw_targets(panel, targets(labels.keypoints[r], map_size(r), sigma), map_size(r));
    draw_text(panel, 4, 4, fmt::format("targets {0} x {0}", map_size(r)), {255, 255, 255});
    copy_panel(canvas, panel, static_cast<int>(r) + 1);
  }
  return canvas;
}

}  // namespace posecu
