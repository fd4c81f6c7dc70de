// What is wrong, or at least odd, with a data set: everything at once, with its place and what training makes of it.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "data/annotations.h"

namespace posecu {

// An entry that a data set's reader refuses is of the first kind; all others are read.
enum class ProblemKind {
  unusable,
  missing_picture,
  unreadable_picture,
  other_size,
  mask_of_other_size,
  same_file,
  outside,
  at_origin,
  outside_box,
  empty_box,
  no_area,
  recounted,
  unmasked,
  twin,
  count  // of kinds
};

// "labelled keypoints outside of the picture"
std::string_view title_of(ProblemKind kind);

// "the heatmap loss does not count there: it is masked"
std::string_view effect_of(ProblemKind kind);

struct Problem {
  static constexpr std::size_t kMostPlaces = 20;
  struct Place {
    std::string where, what;  // "annotation 12", "left_ankle at (700, 20), the picture has 640 x 480"
  };

  ProblemKind kind{};
  std::size_t count = 0;
  std::vector<Place> places;  // the first ones
};

class CheckReport {
 public:
  void add(ProblemKind kind, std::string where, std::string what);
  void add(const CheckReport& other);
  void add_unnamed(ProblemKind kind, std::size_t count);  // whose places nobody kept

  std::vector<Problem> problems() const;  // those that were met, in the order of kinds

 private:
  std::array<Problem, static_cast<std::size_t>(ProblemKind::count)> problems_{};
};

// Labels alone; no picture is read. `set` comes from read_usable_annotations.
CheckReport check_labels(const DataSet& set);

// One picture of the set: reads and decodes its file, and draws its mask.
CheckReport check_picture(const DataSet& set, const PictureLabel& picture);

}  // namespace posecu
