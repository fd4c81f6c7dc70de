// A training that takes a second: a tiny network, and a data set of drawn noise with made-up people.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/annotations.h"
#include "training/train.h"

namespace posecu {

// Writes `pictures` PNG files and their annotations into `folder` and reads them back.
DataSet make_tiny_data(const std::string& folder, int pictures);

struct TinyOptions {
  Head head = Head::hrnet;
  Precision precision = Precision::fp32;
  int loader_threads = 1, compute_threads = 1;
  std::int64_t stop_after = -1;                        // request a stop after this step
  std::int64_t stop_evaluation_at = -1;                // the evaluation of this step gives up and requests a stop
  std::function<void(std::int64_t)> before_next = {};  // called after each step with its number
  std::function<void(std::int64_t, Parameters&)> damage = {};  // called before that: may spoil a parameter
  TrainOptions train;                                          // tiny_train_options()
};

// 12 steps of 2 pictures, 2 steps an epoch with 5 pictures; the warm-up ends after step 4, milestones at 7 and 9,
// evaluations every 5 steps, checkpoints every 3.
TrainOptions tiny_train_options();

struct TinyResult {
  TrainEnd end = TrainEnd::finished;
  std::vector<std::string> messages;
  std::vector<TrainProgress> progress;
  std::vector<EvaluationReport> evaluations;
};

NetworkOptions tiny_network(Head head, int keypoints);

// Starts the training in `run`, or goes on with it when it is a run folder already.
TinyResult train_tiny(const DataSet& data, const std::string& run, const TinyOptions& options);

}  // namespace posecu
