#include "apps/weights_diff.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

namespace posecu {
namespace {

using Kind = TensorDifference::Kind;

std::string describe(const StoredTensor& tensor) {
  return fmt::format("{} [{}]", to_string(tensor.type), fmt::join(tensor.shape, ","));
}

constexpr std::size_t kPiece = 1 << 16;  // elements that are compared at a time

std::vector<double> piece_of(const StoredTensor& tensor, std::size_t begin) {
  const std::size_t count = std::min(kPiece, tensor.elements() - begin), width = bytes_of(tensor.type);
  return to_doubles({tensor.name, tensor.type, {}, tensor.bytes.subspan(begin * width, count * width)});
}

void compare_values(TensorDifference& difference, const StoredTensor& first, const StoredTensor& second) {
  for (std::size_t begin = 0; begin < first.elements(); begin += kPiece) {
    const std::vector<double> a = piece_of(first, begin), b = piece_of(second, begin);
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (std::bit_cast<std::uint64_t>(a[i]) == std::bit_cast<std::uint64_t>(b[i])) continue;
      const double distance = std::abs(a[i] - b[i]);
      if (difference.count++ == 0 || distance > difference.largest) {
        difference.largest = distance;
        difference.at = begin + i;
      }
    }
  }
}

std::optional<TensorDifference> compare(const StoredTensor& first, const StoredTensor& second) {
  TensorDifference difference{Kind::values, first.name, describe(first), describe(second)};
  if (first.shape != second.shape) {
    difference.kind = Kind::shape;
    return difference;
  }
  if (first.type == second.type && std::ranges::equal(first.bytes, second.bytes)) return std::nullopt;
  if (first.type != second.type) difference.kind = Kind::type;
  compare_values(difference, first, second);
  return difference;
}

std::string_view name_of(Kind kind) {
  static constexpr std::array<std::string_view, 5> kNames{"only_first", "only_second", "shape", "type", "values"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string line_of(const TensorDifference& d) {
  if (d.kind == Kind::only_first) return fmt::format("  only in the first: {}\n", d.name);
  if (d.kind == Kind::only_second) return fmt::format("  only in the second: {}\n", d.name);
  if (d.kind == Kind::shape) return fmt::format("  {}: {} against {}\n", d.name, d.first, d.second);
  const std::string types = d.kind == Kind::type ? fmt::format("{} against {}, ", d.first, d.second) : "";
  return fmt::format("  {}: {}{} values differ, by {:.6g} at most (element {})\n", d.name, types, d.count, d.largest,
                     d.at);
}

}  // namespace

std::vector<TensorDifference> diff_tensors(const Safetensors& first, const Safetensors& second) {
  std::vector<TensorDifference> result;
  for (const StoredTensor& tensor : first.tensors()) {
    const StoredTensor* other = second.find(tensor.name);
    if (other == nullptr) {
      result.push_back({Kind::only_first, tensor.name, describe(tensor), ""});
    } else if (const auto difference = compare(tensor, *other)) {
      result.push_back(*difference);
    }
  }
  for (const StoredTensor& tensor : second.tensors())
    if (!first.contains(tensor.name)) result.push_back({Kind::only_second, tensor.name, "", describe(tensor)});
  return result;
}

std::string diff_text(const std::string& first, const std::string& second, const std::vector<TensorDifference>& diff) {
  if (diff.empty()) return fmt::format("{} and {} hold the same tensors\n", first, second);
  std::string text = fmt::format("{} and {} differ in {} tensors\n", first, second, diff.size());
  for (const TensorDifference& d : diff) text += line_of(d);
  const auto largest = std::ranges::max_element(diff, {}, &TensorDifference::largest);
  if (largest->count > 0) text += fmt::format("largest difference: {:.6g}, in {}\n", largest->largest, largest->name);
  return text;
}

std::string diff_json(const std::string& first, const std::string& second, const std::vector<TensorDifference>& diff) {
  nlohmann::ordered_json json{{"first", first}, {"second", second}, {"differences", nlohmann::ordered_json::array()}};
  for (const TensorDifference& d : diff) {
    nlohmann::ordered_json row{{"name", d.name}, {"kind", name_of(d.kind)}, {"first", d.first}, {"second", d.second}};
    if (d.kind == Kind::values || d.kind == Kind::type)
      row.update({{"count", d.count}, {"largest", d.largest}, {"element", d.at}});
    json["differences"].push_back(std::move(row));
  }
  return json.dump(2);
}

}  // namespace posecu
