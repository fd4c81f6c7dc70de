// Tiny trainings in folders of their own, and what a run leaves behind.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/file.h"
#include "tests/support/golden.h"
#include "tests/training/tiny_run.h"

namespace posecu {

class TrainTest : public testing::Test {
 protected:
  void SetUp() override { options_.train = tiny_train_options(); }

  std::string run(const std::string& name) const { return (temporary_.path() / name).string(); }
  TinyResult go(const std::string& name) const { return train_tiny(data_, run(name), options_); }
  TinyResult go_until(const std::string& name, std::int64_t step) const {
    TinyOptions options = options_;
    options.stop_after = step;
    return train_tiny(data_, run(name), options);
  }
  std::vector<std::byte> checkpoint(const std::string& name, const std::string& which = "last") const {
    return read_file(run(name) + "/checkpoints/" + which + ".safetensors");
  }
  // The log without its times.
  std::vector<nlohmann::json> log(const std::string& name) const {
    std::ifstream file(run(name) + "/log.jsonl");
    std::vector<nlohmann::json> rows;
    for (std::string line; std::getline(file, line);) {
      rows.push_back(nlohmann::json::parse(line));
      rows.back().erase("seconds");
      rows.back().erase("waiting");
    }
    return rows;
  }
  void expect_same_run(const std::string& name, const std::string& other) const {
    EXPECT_EQ(checkpoint(name), checkpoint(other)) << name;
    EXPECT_EQ(checkpoint(name, "best"), checkpoint(other, "best")) << name;
    EXPECT_EQ(log(name), log(other)) << name;
    EXPECT_EQ(read_text_file(run(name) + "/metrics.csv"), read_text_file(run(other) + "/metrics.csv")) << name;
  }

  TemporaryFolder temporary_;
  DataSet data_ = make_tiny_data((temporary_.path() / "data").string(), 5);
  TinyOptions options_;
};

}  // namespace posecu
