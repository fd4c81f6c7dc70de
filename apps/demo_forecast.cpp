#include <chrono>

#include "apps/bench.h"
#include "apps/demo.h"
#include "data/synth.h"

namespace posecu {
namespace {

// A picture is drawn on one thread; the set's are shared out over all.
double seconds_a_picture(const DemoPlan& plan) {
  constexpr int kPictures = 12;
  SynthOptions options{.preset = SynthPreset::easy, .width = kDemoPictureSide, .height = kDemoPictureSide};
  options.seed = plan.seed;
  Canvas canvas(options.width, options.height);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kPictures; ++i) draw_picture(options, "forecast", i, canvas);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / kPictures;
}

double seconds_of(const BenchOptions& options, const ContextOptions& where, BenchedWork work) {
  BenchedNetwork network(where, options, work);
  network.run();  // the first run also makes what all need
  return measure([&] { network.run(); }, options.seconds).median / 1000;
}

// What a picture costs in evaluation beside one pass at its input size.
double passes_a_picture(const FindOptions& options) {
  double passes = 0;
  for (const double scale : options.scales) passes += scale * scale;
  return options.flip == FindOptions::Flip::yes ? 2 * passes : passes;
}

}  // namespace

DemoForecast forecast(const DemoPlan& plan, const ContextOptions& where) {
  BenchOptions options = bench_options(plan.config, where);
  options.seconds = 1.5;
  const int threads = where.threads > 0 ? where.threads : usable_cores();
  const auto [train, val, test] = plan.counts;
  const int every = plan.config.integer("train.eval_every");
  const int evaluations = every == 0 ? 1 : (plan.steps() + every - 1) / every;

  DemoForecast result;
  result.step = seconds_of(options, where, BenchedWork::training_step);
  options.input_size = plan.config.integer("eval.input_size");
  const double inference =
      seconds_of(options, where, BenchedWork::inference) * passes_a_picture(find_options(plan.config));
  result.drawing = seconds_a_picture(plan) * (train + val + test) / threads;
  result.training = result.step * plan.steps() + inference * val * evaluations;
  result.scoring = inference * test;
  return result;
}

}  // namespace posecu
