// The two readers of TOML, configurations and skeletons. What they accept is written and read again, to the same.
#include <array>

#include "apps/config.h"
#include "apps/skeleton_toml.h"
#include "core/error.h"
#include "tests/fuzz/fuzz_target.h"

namespace posecu {
namespace {

void fuzz_config(std::string_view text) try {
  Config config, again;
  read_toml(config, text, "input");
  check_config(config);
  const std::string written = write_toml(config);
  read_toml(again, written, "again");
  require(write_toml(again) == written, "a configuration reads back from its own text");
} catch (const UsageError&) {
}

void fuzz_skeleton(std::string_view text) {
  const Skeleton skeleton = parse_skeleton(text, "input");
  check_skeleton(skeleton, "input");
  const std::string written = write_toml(skeleton);
  require(write_toml(parse_skeleton(written, "again")) == written, "a skeleton reads back from its own text");
}

}  // namespace

void fuzz(std::span<const std::byte> input) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  fuzz_config(text);
  fuzz_skeleton(text);
}

std::span<const std::string_view> fuzz_dictionary() {
  static constexpr std::array<std::string_view, 30> kWords{"[",
                                                           "]",
                                                           "[[",
                                                           "]]",
                                                           "{",
                                                           "}",
                                                           "=",
                                                           ",",
                                                           ".",
                                                           "#",
                                                           "\"",
                                                           "'",
                                                           "\"\"\"",
                                                           "'''",
                                                           "\\u0000",
                                                           "\\UFFFFFFFF",
                                                           "inf",
                                                           "nan",
                                                           "true",
                                                           "0x7fffffff",
                                                           "1e308",
                                                           "-1",
                                                           "1979-05-27",
                                                           "[train]\n",
                                                           "batch = ",
                                                           "name = ",
                                                           "keypoints = ",
                                                           "flip_pairs = ",
                                                           "sigmas = ",
                                                           "\xff"};
  return kWords;
}

}  // namespace posecu
