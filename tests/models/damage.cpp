#include "tests/models/damage.h"

#include <algorithm>
#include <cstring>

#include "core/random.h"

namespace posecu {
namespace {

class Damage {
 public:
  Damage(std::vector<std::byte> bytes, std::uint64_t seed, std::uint64_t number)
      : bytes_(std::move(bytes)), random_(seed, 0, number, RandomPurpose::test) {}

  std::vector<std::byte> take() {
    for (int edits = 1 + random_.below(3); edits > 0; --edits) edit();
    return std::move(bytes_);
  }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random_.below(static_cast<int>(n))); }
  auto at(std::size_t place) { return bytes_.begin() + static_cast<std::ptrdiff_t>(place); }

  void edit() {
    const std::size_t size = bytes_.size();
    if (size == 0) return;
    const std::size_t place = below(size), length = std::min(below(40) + 1, size - place);
    const std::size_t other = below(size - length + 1);
    switch (random_.below(8)) {
      case 0:
        bytes_[place] ^= static_cast<std::byte>(1U << below(8));
        break;
      case 1:
        bytes_[place] = static_cast<std::byte>(random_.bits() & 0xFFU);
        break;
      case 2:
        put_number(place);
        break;
      case 3:
        bytes_.erase(at(place), at(place + length));
        break;
      case 4:
        bytes_.insert(at(place), length, static_cast<std::byte>(random_.bits() & 0xFFU));
        break;
      case 5:
        if (other + length <= place || place + length <= other)
          std::swap_ranges(at(place), at(place + length), at(other));
        break;
      case 6:
        std::memmove(bytes_.data() + other, bytes_.data() + place, length);
        break;
      default:
        bytes_.resize(place);
    }
  }

  void put_number(std::size_t place) {
    const std::uint64_t power = std::uint64_t{1} << below(64);
    const std::uint64_t numbers[] = {0, ~std::uint64_t{0}, power, power - 1, power + 1, ~power};
    const std::size_t width = std::min(std::size_t{1} << below(4), bytes_.size() - place);
    std::memcpy(bytes_.data() + place, &numbers[below(6)], width);
  }

  std::vector<std::byte> bytes_;
  Random random_;
};

}  // namespace

std::vector<std::byte> damaged(std::vector<std::byte> bytes, std::uint64_t seed, std::uint64_t number) {
  return Damage(std::move(bytes), seed, number).take();
}

}  // namespace posecu
