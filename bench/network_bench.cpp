// Times of whole networks on this machine: medians, and for the step the bytes that it takes.
//
//   network_bench forward|step [--width=32] [--blocks=4] [--modules=1,4,3] [--size=512] [--batch=1] [--threads=2]
//                              [--repeats=9] [--serve]
//
// forward  HigherHRNet's inference: K = 17, M = 8
// step     a whole training step: forward, losses of 3 people a picture, backward, Adam
// --serve  for bench/compare_torch.py: for each line "N" on standard input, N times in ms on standard output
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "models/network.h"
#include "training/step.h"

namespace posecu {
namespace {

using Settings = std::map<std::string, std::string>;

Settings parse(int argc, char** argv) {
  Settings result{{"width", "32"}, {"blocks", "4"},  {"modules", "1,4,3"}, {"size", "512"},
                  {"batch", "1"},  {"threads", "2"}, {"repeats", "9"},     {"serve", ""}};
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = std::min(argument.find('='), argument.size());
    const auto setting = result.find(argument.substr(std::min<std::size_t>(2, equals), equals - 2));
    if (!argument.starts_with("--") || setting == result.end()) {
      throw UsageError("network_bench does not know " + argument);
    }
    setting->second = equals < argument.size() ? argument.substr(equals + 1) : "yes";
  }
  return result;
}

NetworkOptions network_options(const Settings& settings) {
  NetworkOptions result;
  result.width = std::stoi(settings.at("width"));
  result.blocks = std::stoi(settings.at("blocks"));
  const std::string& modules = settings.at("modules");
  if (std::sscanf(modules.c_str(), "%d,%d,%d", &result.modules[0], &result.modules[1], &result.modules[2]) != 3) {
    throw UsageError("--modules takes three numbers: 1,4,3");
  }
  return result;
}

// Weights of about the size that keeps activations near 1, so that no arithmetic is on denormal numbers.
void fill_weights(Parameters& parameters) {
  parameters.initialise(1);
  for (Parameter& parameter : parameters.all()) {
    if (parameter.initial != InitialValue::normal_0_001) continue;
    const auto fan_in = static_cast<double>(parameter.shape.elements()) / parameter.shape[0];
    for (float& value : parameter.value) value *= static_cast<float>(1000 / std::sqrt(fan_in));
  }
}

double milliseconds(const std::function<void()>& run) {
  const auto begin = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// Three people with all keypoints somewhere in every picture.
Targets some_targets(int pictures, int size) {
  Random random(2, 0, 0, RandomPurpose::test);
  Targets targets;
  targets.pictures = pictures, targets.keypoints = NetworkOptions{}.keypoints;
  targets.resolutions.resize(2);
  for (int picture = 0; picture < pictures; ++picture) {
    targets.first_person.push_back(targets.first_person.back() + 3);
    for (const double scale : {0.3, 0.4, 0.5}) {
      targets.scales.push_back(scale);
      for (int k = 0; k < targets.keypoints; ++k) {
        const double x = random.uniform(0, size), y = random.uniform(0, size);
        for (std::size_t r = 0; r < 2; ++r) {
          const double stride = r == 0 ? 4 : 2;
          for (const double value : {x / stride, y / stride, 2.0}) {
            targets.resolutions[r].keypoints.push_back(static_cast<float>(value));
          }
        }
      }
    }
  }
  for (std::size_t r = 0; r < 2; ++r) {
    const int side = size / (r == 0 ? 4 : 2);
    targets.resolutions[r].width = targets.resolutions[r].height = side;
    targets.resolutions[r].masks.assign(static_cast<std::size_t>(pictures) * static_cast<std::size_t>(side * side), 1);
  }
  return targets;
}

void serve(const std::function<void()>& run) {
  int repeats = 0;
  while (std::cin >> repeats) {
    for (int i = 0; i < repeats; ++i) std::printf("%.4f ", milliseconds(run));
    std::printf("\n");
    std::fflush(stdout);
  }
}

void report(const std::string& what, int repeats, Context& context, const std::function<void()>& run) {
  for (int i = 0; i < 2; ++i) run();
  std::vector<double> times;
  for (int i = 0; i < repeats; ++i) times.push_back(milliseconds(run));
  std::ranges::sort(times);
  std::puts(fmt::format("{}: median {:.1f} ms, least {:.1f}, most {:.1f}; {} MiB at most", what,
                        times[times.size() / 2], times.front(), times.back(), context.arena().peak() >> 20)
                .c_str());
}

void bench(const std::string& what, const Settings& settings) {
  Context context({.threads = std::stoi(settings.at("threads"))});
  Parameters parameters;
  Network network(parameters, network_options(settings));
  parameters.allocate(context, what == "step" ? Parameters::Gradients::allocate : Parameters::Gradients::none);
  fill_weights(parameters);
  const int size = std::stoi(settings.at("size"));
  const auto images = context.tensor<float>({std::stoi(settings.at("batch")), size, size, 3});
  Random random(1, 0, 0, RandomPurpose::test);
  for (float& value : images.view()) value = static_cast<float>(random.normal());

  const Targets targets = some_targets(images.size(0), size);
  const Losses losses({});
  std::optional<Adam> adam;
  std::optional<TrainingStep> step;
  if (what == "step") {
    adam.emplace(context, parameters, AdamOptions{});
    step.emplace(context, network, parameters, losses, *adam, 1);
  }

  std::function<void()> run;
  if (what == "forward") {
    network.prepare_inference(context);
    run = [&] { static_cast<void>(network.forward_inference(context, images)); };
  } else if (what == "step") {
    run = [&] {
      step->begin(context, 1e-6);
      step->add_pass(context, images, targets);
      step->finish(context);
    };
  } else {
    throw UsageError("network_bench forward or network_bench step, not " + what);
  }
  if (settings.at("serve").empty()) {
    report(what, std::stoi(settings.at("repeats")), context, run);
  } else {
    serve(run);
  }
}

}  // namespace
}  // namespace posecu

int main(int argc, char** argv) {
  // libgomp reads this when it is loaded: spinning threads would steal the time of our own pool's.
  if (getenv("OMP_WAIT_POLICY") == nullptr) {
    setenv("OMP_WAIT_POLICY", "passive", 1);
    execv("/proc/self/exe", argv);
  }
  try {
    posecu::bench(argc > 1 ? argv[1] : "", posecu::parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "network_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
