#include "core/error.h"

#include <fmt/format.h>

namespace posecu {

InputError::InputError(std::string_view file, std::string_view place, std::string_view problem)
    : std::runtime_error(place.empty() ? fmt::format("{}: {}", file, problem)
                                       : fmt::format("{}: {}: {}", file, place, problem)) {}

void require(bool condition, std::string_view what, std::source_location where) {
  if (!condition) throw std::logic_error(fmt::format("{}:{}: {}", where.file_name(), where.line(), what));
}

}  // namespace posecu
