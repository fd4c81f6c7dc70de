#include "tests/support/damage.h"

#include <string_view>

#include "core/random.h"

namespace posecu {

std::string damaged_json(std::string text, std::uint64_t seed) {
  constexpr std::string_view kLikely = "{}[],:\"0123456789.-eE\\ ntf";
  Random random(seed, 0, 0, RandomPurpose::test);
  for (int i = 0; i <= random.below(3); ++i) {
    const auto at = static_cast<std::size_t>(random.below(static_cast<int>(text.size())));
    if (random.below(3) == 0)
      text.erase(at, static_cast<std::size_t>(random.below(9)));
    else
      text[at] = random.below(2) == 0
                     ? kLikely[static_cast<std::size_t>(random.below(static_cast<int>(kLikely.size())))]
                     : static_cast<char>(random.bits());
  }
  return text;
}

}  // namespace posecu
