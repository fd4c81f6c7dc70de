// Results files. What is accepted is written again and read again, to the same results.
#include <array>

#include "core/error.h"
#include "pose/results.h"
#include "tests/fuzz/fuzz_target.h"

namespace posecu {

void fuzz(std::span<const std::byte> input) {
  const auto text = [](std::span<const std::byte> bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const Detections detections = parse_results(text(input), "input");
  const std::string written = results_json(detections.list);
  const Detections again = parse_results(written, "written");
  require(again.list.size() == detections.list.size(), "as many results after writing");
  for (std::size_t i = 0; i < again.list.size(); ++i) {
    const Detection &a = detections.list[i], &b = again.list[i];
    require(a.keypoints == b.keypoints && a.score == b.score && a.bbox == b.bbox && a.picture_id == b.picture_id &&
                a.category_id == b.category_id,
            "the same result after writing");
  }
}

std::span<const std::string_view> fuzz_dictionary() {
  static constexpr std::array<std::string_view, 16> kWords{
      "{",          "}",         "[",     "]",  ",",    "\"image_id\":", "\"category_id\":",    "\"keypoints\":",
      "\"score\":", "\"bbox\":", "1e999", "-0", "null", "1.5",           "9223372036854775808", "\\ud800"};
  return kWords;
}

}  // namespace posecu
