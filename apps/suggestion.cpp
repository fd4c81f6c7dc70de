#include "apps/suggestion.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace posecu {
namespace {

// Optimal string alignment distance (Damerau 1964), three rows at a time.
std::size_t changes(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t fewest = word.size() / 3 + 2;
  const auto consider = [&](std::string_view candidate, std::string_view spelling) {
    const std::size_t n = changes(word, spelling);
    if (n < fewest) fewest = n, best = candidate;
  };
  for (const std::string_view candidate : candidates) consider(candidate, candidate);
  for (const std::string_view candidate : candidates) {
    const std::size_t dot = candidate.rfind('.');
    if (dot != std::string_view::npos) consider(candidate, candidate.substr(dot + 1));
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view best = nearest(word, candidates);
  return best.empty() ? std::string() : fmt::format("; did you mean `{}`?", best);
}

}  // namespace posecu
