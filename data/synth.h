// Drawn people with exact labels: for first steps, for tests, and wherever the truth must be known to the pixel.
//
// Coordinates count from the upper left corner of the picture, so that the middle of the first pixel is (0.5, 0.5).
// Visibility is COCO's: 2 visible; 1 hidden behind a person (the own body too) or a thing; 0 outside of the picture.
// Eyes, ears and nose that the own head hides are 0, as annotators leave them out. Whoever shows fewer than three
// keypoints, or hardly a pixel, has none labelled, as COCO's small people; training masks them by their outline.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "data/picture.h"
#include "data/synth_scene.h"

namespace posecu {

struct SynthOptions {
  SynthPreset preset = SynthPreset::varied;
  int width = 320, height = 240;
  std::uint64_t seed = 0;
};

inline constexpr int kLeastSynthSide = 64, kMostSynthSide = 2048;

struct SynthKeypoint {
  double x = 0, y = 0;  // hundredths of a pixel
  int visibility = 0;
};

struct SynthPerson {
  std::size_t figure = 0;                            // whose: the scene's people in order
  std::array<SynthKeypoint, kBodyPoints> keypoints;  // COCO's 17, top of the head, neck
  std::array<int, 4> box{};                          // x, y, width, height of the pixels that are seen
  int area = 0;                                      // pixels that are seen
  std::vector<std::vector<int>> outline;             // data/outline.h

  int labelled() const;  // of COCO's 17
};

struct SynthPicture {
  Picture picture;
  std::vector<SynthPerson> people;  // who is seen, be it by one pixel
};

// The picture `index` of a split: the same whatever else is drawn. `canvas` is scratch of the same size.
SynthPicture draw_picture(const SynthOptions& options, std::string_view split, int index, Canvas& canvas);

// The scene behind it, as draw_picture drew it.
Scene scene_of(const SynthOptions& options, std::string_view split, int index, Canvas& canvas);

// The labels of people in a scene that `canvas` shows.
std::vector<SynthPerson> label_people(const Scene& scene, const Canvas& canvas);

}  // namespace posecu
