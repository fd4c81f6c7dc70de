// A folder of checkpoints of a small network, and the network.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "tests/support/device.h"
#include "tests/support/golden.h"
#include "training/checkpoint_folder.h"

namespace posecu {

// Parameters and moments of a small network, filled with numbers that depend on `seed`.
struct Net {
  explicit Net(std::uint64_t seed, int width = 5) : context(test_context_options({.threads = 1, .memory = 1 << 20})) {
    parameters.add("backbone.conv1.weight", {width, 3, 3, 3}, ParameterRole::trained, InitialValue::zero);
    parameters.add("backbone.bn1.running_mean", {width}, ParameterRole::running_statistic, InitialValue::zero);
    parameters.add("head.bias", {3}, ParameterRole::trained, InitialValue::zero);
    parameters.allocate(context, Parameters::Gradients::allocate);
    adam.emplace(context, parameters, AdamOptions{});
    adam->restore_updates(static_cast<std::int64_t>(seed) + 7);
    Random random(seed, 0, 0, RandomPurpose::test);
    for (const View<float> values : contents()) {
      for (float& value : values) value = static_cast<float>(random.normal());
    }
  }
  std::vector<View<float>> contents() {
    std::vector<View<float>> all;
    for (Parameter& parameter : parameters.all()) {
      all.push_back(parameter.value);
      if (parameter.role != ParameterRole::trained) continue;
      const std::ptrdiff_t offset = parameter.value.data() - parameters.trained().data();
      all.emplace_back(adam->first_moments().data() + offset, parameter.shape);
      all.emplace_back(adam->second_moments().data() + offset, parameter.shape);
    }
    return all;
  }
  std::vector<float> values() {
    std::vector<float> all;
    for (const View<float> part : contents()) all.insert(all.end(), part.begin(), part.end());
    return all;
  }

  Context context;
  Parameters parameters;
  std::optional<Adam> adam;
};

class CheckpointTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (temporary_.path() / name).string(); }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(temporary_.path()))
      all.push_back(entry.path().filename());
    std::ranges::sort(all);
    return all;
  }
  CheckpointFolder folder(int keep = 2) const { return {temporary_.path().string(), keep}; }
  static void save(CheckpointFolder folder, Net& net, std::int64_t step, std::int64_t best_step = 0) {
    TrainingState state{.step = step, .best_step = best_step};
    if (best_step > 0) state.best_score = 0.5;
    folder.save(net.parameters, *net.adam, state, kTexts);
  }
  std::optional<TrainingState> load(Net& net) {
    messages_.clear();
    return folder().load_newest(net.parameters, *net.adam,
                                [this](const std::string& message) { messages_.push_back(message); });
  }
  void flip_bit(const std::string& name, std::size_t byte) const {
    std::fstream file(path(name), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(byte));
    const int value = file.get();
    ASSERT_TRUE(file.good()) << name << " has no byte " << byte;
    file.seekp(static_cast<std::streamoff>(byte));
    file.put(static_cast<char>(value ^ 4));
  }

  inline static const CheckpointTexts kTexts{"[model]\nwidth = 5\n", "name = \"coco\"\n"};
  TemporaryFolder temporary_;
  std::vector<std::string> messages_;
};

}  // namespace posecu
