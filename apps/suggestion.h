// "Did you mean": the nearest of a few right words.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace posecu {

// The candidate with the fewest single-letter changes (a swap of neighbours counts as one) from `word`; empty when
// none is nearer than a third of the word's length plus one. A candidate's last part after a dot counts too, so that
// `batch` finds `train.batch`.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// "; did you mean `train.lr`?", or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace posecu
