#include <fmt/format.h>

#include "apps/bench.h"
#include "apps/config.h"
#include "apps/data_sets.h"
#include "apps/training_options.h"

namespace posecu {

BenchOptions bench_options(const Config& config, const ContextOptions& where) {
  BenchOptions options;
  options.network = network_options(config, configured_skeleton(config).size());
  options.losses = loss_options(config);
  options.precision = precision_of(config, "train.precision", where.device);
  options.input_size = config.integer("train.input_size");
  options.training_batch = config.integer("train.batch");
  return options;
}

std::string describe(const BenchOptions& options, std::string_view precision) {
  return fmt::format("{}-W{}, {} blocks, modules {},{},{}, K = {}, M = {}, {}x{}, {}",
                     options.network.head == Head::hrnet ? "HRNet" : "HigherHRNet", options.network.width,
                     options.network.blocks, options.network.modules[0], options.network.modules[1],
                     options.network.modules[2], options.network.keypoints, options.network.embedding_dim,
                     options.input_size, options.input_size, precision);
}

}  // namespace posecu
