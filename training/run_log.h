// What a run leaves behind for plots: log.jsonl, one JSON object a line, and what is made of it: metrics.csv, the
// evaluations as a table; loss.svg and evaluations.svg, drawn at every checkpoint; TensorBoard's events.
//
//   {"kind":"step","step":1,"epoch":0,"lr":..,"loss":..,"heatmap":..,"pull":..,"push":..,"scale":..,
//    "gradient_norm":..,"seconds":..,"waiting":..}
//   {"kind":"skipped","step":2,"epoch":0,"lr":..,"pictures":[..]}       values were not finite: nothing was updated
//   {"kind":"evaluation","step":50,"epoch":49,"set":"coco val2017","score":..,"metrics":{"AP":..}}
//
// `step` counts the steps done, from 1. A run that is resumed goes on from its checkpoint: rows that belong after it
// are cut off, so the log ends up as that of a run that never stopped, but for `seconds` and `waiting` (of them). The
// events follow: those of the rows that stay are kept, and missing ones are made again.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "losses/losses.h"
#include "training/appended_file.h"
#include "training/curves.h"
#include "training/tensorboard.h"

namespace posecu {

struct Evaluation {
  double score = 0;  // what the best checkpoint is chosen by: higher is better
  std::vector<std::pair<std::string, double>> metrics;
  std::string set = {};  // what was evaluated, and so chose: "coco val2017"
};

// Rows of steps after `step` were written by a process whose work is lost.
struct LogPosition {
  std::int64_t step = 0;
  bool evaluated = false;  // whether the evaluation of this very step belongs before it
};

class RunLog {
 public:
  // Opens the files in `folder`, or makes them. `message` is told of damaged rows.
  RunLog(const std::string& folder, LogPosition position, const std::function<void(const std::string&)>& message);

  struct Place {
    std::int64_t step, epoch;
    double lr;
  };
  void add_step(const Place& place, const LossValues& losses, double gradient_norm, double seconds, double waiting);
  void add_skipped(const Place& place, const std::vector<std::int64_t>& picture_ids);
  void add_evaluation(const Place& place, const Evaluation& evaluation);

  // Rows so far survive a power cut. Called before a checkpoint is written, so that no checkpoint is ahead of its log.
  void sync();
  void draw() const;  // the curves so far

 private:
  struct EvaluationRow {
    std::int64_t step, epoch;
    Evaluation evaluation;
  };
  struct LossCurves {
    Curve total, heatmap, pull, push, scale;
  };
  struct Kept {
    std::uint64_t bytes = 0;
    std::int64_t events = 0;  // rows that have one
  };
  Kept read_back(LogPosition position, const std::function<void(const std::string&)>& message);
  void repair_events(std::int64_t wanted);
  void add_to_curves(std::int64_t step, const LossValues& losses);
  void write_metrics() const;

  std::string folder_, log_path_;
  std::vector<EvaluationRow> evaluations_;
  LossCurves curves_;
  std::optional<AppendedFile> log_;
  std::optional<EventFile> events_;
};

}  // namespace posecu
