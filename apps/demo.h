// The parts of `posecu demo`: what it is going to do and how long that takes, its pictures, and the page that tells it.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "apps/config.h"
#include "apps/evaluation.h"
#include "core/context.h"

namespace posecu {

inline constexpr int kDemoPictureSide = 192;

struct DemoPlan {
  std::string folder;
  Config config;                // of the training; data.root is the drawn set
  std::array<int, 3> counts{};  // pictures: to learn from, to choose a checkpoint on, to be scored on
  std::uint64_t seed = 0;
  bool quick = false;

  std::string set() const { return folder + "/people"; }
  std::string run() const { return folder + "/run"; }
  int steps() const { return config.integer("train.steps"); }
};

struct DemoForecast {
  double step = 0;                                // of the training: seconds, just measured
  double drawing = 0, training = 0, scoring = 0;  // seconds
  double total() const { return drawing + training + scoring; }
};
DemoForecast forecast(const DemoPlan& plan, const ContextOptions& where);

// The first `count` pictures of a set, each at `factor` times its size, with the people of its labels or with those
// that a network finds, as PNG files in `folder`. Returns the files' names without it.
inline constexpr int kDemoEnlargement = 2;
std::vector<std::string> draw_labelled(const DataSet& set, std::size_t count, const std::string& folder);
std::vector<std::string> draw_found(PeopleFinder& finder, const DataSet& set, std::size_t count, const Config& config,
                                    const std::string& folder);

struct DemoStory {
  DemoForecast took;  // what it was in the end; `step` is the mean over the training
  double parameters = 0;
  std::string machine, date;
  std::vector<std::string> commands;        // that did it
  std::vector<std::string> learned, found;  // pictures, relative to the folder
  ScoreTable table;
};

// index.html: needs nothing but the files beside it.
std::string demo_page(const DemoPlan& plan, const DemoStory& story);

}  // namespace posecu
