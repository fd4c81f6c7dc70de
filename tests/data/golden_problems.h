// Collects what is wrong with a golden case.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "tests/support/generator.h"

namespace posecu {

class Problems {
 public:
  template <class Value>
  void equal(const std::string& what, const Value& found, const Value& expected) {
    if (found != expected) list_.push_back(fmt::format("{}: found {}, expected {}", what, found, expected));
  }
  void near(const std::string& what, double found, double expected, double tolerance) {
    if (!(std::abs(found - expected) <= tolerance))
      list_.push_back(fmt::format("{}: found {}, expected {} within {}", what, found, expected, tolerance));
  }
  template <class Found, class Expected>
  void all_near(const std::string& what, const Found& found, const Expected& expected, double tolerance) {
    equal(what + " size", std::size(found), std::size(expected));
    if (std::size(found) != std::size(expected)) return;
    for (std::size_t i = 0; i < std::size(found); ++i)
      near(fmt::format("{}[{}]", what, i), static_cast<double>(found[i]), static_cast<double>(expected[i]), tolerance);
  }
  // A checksum object of an expected.json; `tolerance` is relative to abs_sum.
  void checksum_near(const std::string& what, const Checksum& found, const nlohmann::json& expected, double tolerance) {
    const double allowed = tolerance * expected.at("abs_sum").get<double>();
    equal(what + " n", found.n, expected.at("n").get<std::size_t>());
    near(what + " sum", found.sum, expected.at("sum"), allowed);
    near(what + " abs_sum", found.abs_sum, expected.at("abs_sum"), allowed);
    near(what + " dot", found.dot, expected.at("dot"), allowed);
  }
  void add(std::string problem) { list_.push_back(std::move(problem)); }

  std::vector<std::string> list() const { return list_; }

 private:
  std::vector<std::string> list_;
};

}  // namespace posecu
