#include "pose/results.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "data/json_text.h"

namespace posecu {

namespace {

namespace json = simdjson::ondemand;

enum Field { kPicture, kCategory, kKeypoints, kScore, kBox, kFields };
constexpr std::size_t kLongestQuote = 40;  // of a wrong text
constexpr std::array<std::string_view, kFields> kNames{"image_id", "category_id", "keypoints", "score", "bbox"};

// Reads one entry after the other; remembers where it is for messages.
class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  std::vector<Detection> read(JsonText& text);

  [[noreturn]] void fail(std::string_view problem) const {
    std::string place = index_ < 0 ? "" : fmt::format("[{}]", index_);
    if (!field_.empty()) place += fmt::format(".{}", field_);
    throw InputError(file_, place, problem);
  }

 private:
  Detection read_entry(json::object entry);
  bool read_field(Detection& detection, Field field, json::value value);  // whether it holds anything
  bool read_box(std::array<double, 4>& box, json::value value) const;
  double read_number(json::value value) const;
  std::int64_t read_integer(json::value value) const;
  std::vector<double> read_numbers(json::value value, std::size_t expected) const;
  std::vector<double> read_keypoints(json::value value);

  std::string file_;
  std::ptrdiff_t index_ = -1;
  std::string_view field_;
  std::size_t numbers_ = 0;  // a person's, 3 a joint; 0 before the first one
  bool boxes_given_ = false;
};

std::vector<Detection> Reader::read(JsonText& text) {
  if (text.next() == '\0') fail("the file is empty, expected a list of results");
  if (text.next() == '{') fail("expected a list of results, found an object, as annotation files are");
  if (text.next() != '[') fail("expected a list of results");
  std::vector<Detection> detections;
  Detection next;
  index_ = 0;
  const auto read_next = [&](json::value entry) {
    field_ = {};
    json::object object;
    if (entry.get_object().get(object) != simdjson::SUCCESS) fail("expected an object");
    next = read_entry(object);
  };
  text.for_each(read_next, [&] {
    detections.push_back(std::move(next));
    ++index_;
  });
  index_ = -1;
  field_ = {};
  if (text.next() != '\0') fail("something follows the list of results");
  return detections;
}

Detection Reader::read_entry(json::object entry) {
  Detection detection;
  std::array<bool, kFields> found{};
  for (auto pair : entry) {
    const std::string_view key = pair.unescaped_key();
    const auto known = std::ranges::find(kNames, key);
    field_ = known == kNames.end() ? "" : *known;
    if (known == kNames.end()) continue;
    const auto field = static_cast<std::size_t>(known - kNames.begin());
    if (found[field]) fail("is there twice");
    found[field] = read_field(detection, static_cast<Field>(field), pair.value());
  }
  if (index_ == 0) boxes_given_ = found[kBox];
  found[kBox] = found[kBox] || !boxes_given_;
  const auto missing = std::ranges::find(found, false);
  if (missing != found.end()) {
    field_ = kNames[static_cast<std::size_t>(missing - found.begin())];
    fail(missing - found.begin() == kBox ? "is missing, while the first entry has one" : "is missing");
  }
  if (!boxes_given_) detection.bbox = keypoint_box(detection.keypoints);
  return detection;
}

bool Reader::read_field(Detection& detection, Field field, json::value value) {
  switch (field) {
    case kPicture:
      detection.picture_id = read_integer(value);
      break;
    case kCategory:
      detection.category_id = read_integer(value);
      break;
    case kKeypoints:
      detection.keypoints = read_keypoints(value);
      break;
    case kScore:
      detection.score = read_number(value);
      break;
    default:
      return read_box(detection.bbox, value);
  }
  return true;
}

// The tools take an empty list for no box.
bool Reader::read_box(std::array<double, 4>& box, json::value value) const {
  const std::vector<double> numbers = read_numbers(value, box.size());
  if (numbers.empty()) return false;
  if (numbers.size() != box.size()) {
    fail(fmt::format("expected 4 numbers x, y, width, height, found {}", numbers.size()));
  }
  std::ranges::copy(numbers, box.begin());
  return true;
}

double Reader::read_number(json::value value) const {
  double number = 0;
  if (value.get_double().get(number) != simdjson::SUCCESS) fail("expected a finite number");
  return number;
}

std::int64_t Reader::read_integer(json::value value) const {
  std::int64_t integer = 0;
  if (value.get_int64().get(integer) == simdjson::SUCCESS) return integer;
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS)
    fail(fmt::format("expected an integer, found the text \"{}\"", text.substr(0, kLongestQuote)));
  // Some writers make a float of every number: 18.0 is the integer 18.
  const double number = read_number(value);
  if (number != std::floor(number) || std::abs(number) > 0x1p53) fail(fmt::format("{} is no integer", number));
  return static_cast<std::int64_t>(number);
}

std::vector<double> Reader::read_numbers(json::value value, std::size_t expected) const {
  std::vector<double> numbers;
  numbers.reserve(expected);
  json::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS) fail("expected a list of numbers");
  for (json::value element : list) numbers.push_back(read_number(element));
  return numbers;
}

std::vector<double> Reader::read_keypoints(json::value value) {
  std::vector<double> numbers = read_numbers(value, numbers_);
  if (numbers.empty() || numbers.size() % 3 != 0) {
    fail(fmt::format("expected x, y and score of each joint, found {} numbers", numbers.size()));
  }
  if (numbers_ == 0) numbers_ = numbers.size();
  if (numbers.size() != numbers_) {
    fail(fmt::format("expected {} numbers as in the first entry, found {}", numbers_, numbers.size()));
  }
  return numbers;
}

Detections parse(TextSource contents, const std::string& source) {
  Reader reader(source);
  try {
    JsonText text(std::move(contents));
    return {.source = source, .list = reader.read(text)};
  } catch (const JsonError& error) {
    reader.fail(error.what());
  }
}

}  // namespace

bool has_found_joint(const Detection& detection) {
  for (std::size_t k = 2; k < detection.keypoints.size(); k += 3)
    if (detection.keypoints[k] > 0) return true;
  return false;
}

std::string some_ids(std::span<const std::int64_t> ids) {
  const bool all = ids.size() <= kIdsToName;
  return fmt::format("{}{}", fmt::join(all ? ids : ids.first(kIdsToName), ", "), all ? "" : ", ...");
}

std::array<double, 4> keypoint_box(std::span<const double> keypoints) {
  double left = keypoints[0], right = keypoints[0], top = keypoints[1], bottom = keypoints[1];
  for (std::size_t k = 3; k < keypoints.size(); k += 3) {
    left = std::min(left, keypoints[k]);
    right = std::max(right, keypoints[k]);
    top = std::min(top, keypoints[k + 1]);
    bottom = std::max(bottom, keypoints[k + 1]);
  }
  return {left, top, right - left, bottom - top};
}

Detections read_results(const std::string& path) { return parse(file_source(path), path); }

Detections parse_results(std::string_view text, const std::string& source) { return parse(text_source(text), source); }

}  // namespace posecu
