#include "apps/bench.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "core/profile.h"
#include "kernels/elementwise.h"
#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/float16.h"
#include "layers/convolution.h"

namespace posecu {
namespace {

constexpr int kLeastRuns = 3, kProfiledRuns = 3;
constexpr double kLimitSeconds = 0.5;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// One row of a profile over several runs: in each it was called equally often.
BenchRow summed(const Profile::Row& row) {
  const std::size_t calls = row.ms.size() / kProfiledRuns;
  std::vector<double> runs;
  for (std::size_t run = 0; run < kProfiledRuns; ++run) {
    const auto begin = row.ms.begin() + static_cast<std::ptrdiff_t>(run * calls);
    runs.push_back(std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(calls), 0.0));
  }
  const auto n = static_cast<double>(calls);
  return {std::string(row.work.kind), row.work.shape,          static_cast<int>(calls), median(runs),
          row.work.bytes * n / 1e9,   row.work.flops * n / 1e9};
}

template <class T>
double matrix_speed(Context& context) {
  const bool gpu = context.device() == DeviceKind::cuda;
  const int pictures = gpu ? 64 : 1, side = 64, channels = gpu ? 2048 : 512;
  Convolution<T> product({.in = channels, .out = channels});
  const auto x = context.tensor<T>({pictures, side, side, channels});
  const auto y = context.tensor<T>(x.shape());
  const auto weight = context.tensor<float>({channels, channels, 1, 1});
  context.fill_zero(x.view());
  context.fill_zero(weight.view());
  const BenchTimes times = measure(
      [&] {
        product.forward(context, y, x, weight, {});
        context.synchronise();
      },
      kLimitSeconds);
  return 2.0 * pictures * side * side * channels * channels / times.least / 1e6;
}

double copy_speed(Context& context) {
  const std::size_t n = std::size_t{1} << (context.device() == DeviceKind::cuda ? 28 : 25);
  const auto x = context.tensor<float>({static_cast<int>(n)}), y = context.tensor<float>({static_cast<int>(n)});
  context.fill_zero(x.view());
  const BenchTimes times = measure(
      [&] {
        scale<float>(context.stream(), y.data(), x.data(), 1.F, n);
        context.synchronise();
      },
      kLimitSeconds);
  return 2.0 * sizeof(float) * static_cast<double>(n) / times.least / 1e6;
}

}  // namespace

BenchTimes measure(const std::function<void()>& run, double seconds) {
  using Clock = std::chrono::steady_clock;
  for (int i = 0; i < 2; ++i) run();  // makes plans and takes memory; then is recorded, on a GPU
  std::vector<double> times;
  const auto start = Clock::now();
  while (times.size() < kLeastRuns || std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
    const auto begin = Clock::now();
    run();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  const auto [least, most] = std::ranges::minmax(times);
  return {median(times), least, most, static_cast<int>(times.size())};
}

BenchedRun bench(const ContextOptions& where, const BenchOptions& options, BenchedWork work) {
  BenchedRun result{.work = work,
                    .batch = work == BenchedWork::inference ? options.inference_batch : options.training_batch,
                    .times = {},
                    .rows = {}};
  {
    BenchedNetwork network(where, options, work);
    result.times = measure([&] { network.run(); }, options.seconds);
    result.memory = network.context().arena().peak();
  }
  ContextOptions one_by_one = where;
  one_by_one.graphs = false;
  BenchedNetwork network(one_by_one, options, work);
  network.run();
  Profile profile(network.context());
  for (int i = 0; i < kProfiledRuns; ++i) network.run();
  for (const Profile::Row& row : profile.rows()) result.rows.push_back(summed(row));
  std::ranges::sort(result.rows, std::greater{}, &BenchRow::ms);
  for (const BenchRow& row : result.rows) result.gflop += row.gflop;
  return result;
}

BenchLimits measure_limits(const ContextOptions& where, const BenchOptions& options) {
  Context context(where);
  if (options.precision == Precision::tf32) context.libraries().set_float_products(FloatProducts::tf32);
  BenchLimits limits{.copy = copy_speed(context)};
  if (options.precision == Precision::bf16) {
    limits.matrix = matrix_speed<bfloat16>(context);
  } else if (options.precision == Precision::fp16) {
    limits.matrix = matrix_speed<float16>(context);
  } else {
    limits.matrix = matrix_speed<float>(context);
  }
  return limits;
}

}  // namespace posecu
