// Writing of results.h: Python's spelling of numbers and lists.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "pose/results.h"

namespace posecu {

namespace {

// Python's repr: the fewest digits that read back as the same double; from 1e-4 up to 1e16 in plain digits with at
// least one after the point, else with an exponent of at least two digits.
void append_number(std::string& text, double value) {
  require(std::isfinite(value), "only finite numbers go into a results file");
  std::array<char, 32> buffer{};  // longer than the longest double, so that a 0 ends it
  const auto written = std::to_chars(buffer.begin(), buffer.end(), value, std::chars_format::scientific);
  std::string_view number(buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data()));
  if (number.front() == '-') {
    text += '-';
    number.remove_prefix(1);
  }
  const std::size_t e = number.find('e');
  const int exponent = std::atoi(number.data() + e + 1);  // to_chars always writes sign and two digits
  if (exponent < -4 || exponent >= 16) {
    text += number;
    return;
  }
  std::string digits(1, number.front());
  if (e > 2) digits += number.substr(2, e - 2);
  if (exponent < 0) {
    text += "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    return;
  }
  const auto before_point = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() < before_point + 1) digits.resize(before_point + 1, '0');
  text += digits.substr(0, before_point) + '.' + digits.substr(before_point);
}

void append_numbers(std::string& text, std::span<const double> numbers) {
  text += '[';
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) text += ", ";
    append_number(text, numbers[i]);
  }
  text += ']';
}

}  // namespace

std::string results_json(std::span<const Detection> detections) {
  std::string text = "[";
  for (const Detection& detection : detections) {
    if (text.size() > 1) text += ", ";
    text += "{\"image_id\": " + std::to_string(detection.picture_id) +
            ", \"category_id\": " + std::to_string(detection.category_id) + ", \"keypoints\": ";
    append_numbers(text, detection.keypoints);
    text += ", \"score\": ";
    append_number(text, detection.score);
    text += ", \"bbox\": ";
    append_numbers(text, detection.bbox);
    text += '}';
  }
  return text + ']';
}

void write_results(const std::string& path, std::span<const Detection> detections) {
  write_file_atomically(path, results_json(detections));
}

}  // namespace posecu
