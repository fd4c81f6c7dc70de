// What `posecu bench` measures: whole networks, the operations that they are made of, and what the device can do at
// most.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/context.h"
#include "core/precision.h"
#include "losses/losses.h"
#include "models/network.h"

namespace posecu {

struct BenchOptions {
  NetworkOptions network;
  LossOptions losses;
  Precision precision = Precision::fp32;
  int input_size = 512;  // pictures are squares
  int inference_batch = 1, training_batch = 10;
  double seconds = 3;      // that a measurement goes on, but at least three runs
  std::string plans = {};  // convolutions' engines, as ConvolutionPlans::restore takes them
};

inline constexpr int kMostPictures = 4096;  // of a pass

class Config;
BenchOptions bench_options(const Config& config, const ContextOptions& where);  // train.batch, train.precision
std::string describe(const BenchOptions& options, std::string_view precision);  // "HigherHRNet-W32, ..., 512x512, fp32"

enum class BenchedWork { inference, training_step, losses };  // losses: with gradients, of a step

// A network with random weights and pictures of three people each.
class BenchedNetwork {
 public:
  BenchedNetwork(const ContextOptions& where, const BenchOptions& options, BenchedWork work);
  ~BenchedNetwork();

  void run();  // once, and waits
  Context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct BenchTimes {
  double median = 0, least = 0, most = 0;  // ms
  int runs = 0;
};
BenchTimes measure(const std::function<void()>& run, double seconds);

struct BenchRow {
  std::string kind, shape;
  int calls = 0;                    // in one run
  double ms = 0;                    // of all of them
  double gigabytes = 0, gflop = 0;  // likewise
};

struct BenchedRun {
  BenchedWork work;
  int batch = 0;
  BenchTimes times;
  std::size_t memory = 0;      // bytes, at most
  std::vector<BenchRow> rows;  // longest first
  double gflop = 0;            // of all rows
};
BenchedRun bench(const ContextOptions& where, const BenchOptions& options, BenchedWork work);

// What the device reaches: reading and writing large tensors, and multiplying large matrices in this precision.
struct BenchLimits {
  double copy = 0;    // GB/s
  double matrix = 0;  // GFLOP/s
};
BenchLimits measure_limits(const ContextOptions& where, const BenchOptions& options);

struct BenchReport {
  std::string network, device;  // "HigherHRNet-W32, 512x512, fp32", "cpu, 2 threads"
  BenchLimits limits;
  std::vector<BenchedRun> runs;
};
std::string bench_table(const BenchReport& report);
std::string bench_json(const BenchReport& report);

}  // namespace posecu
