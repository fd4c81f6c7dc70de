#include "core/checksum.h"

#include <fmt/format.h>

namespace posecu {

std::string Checksum64::text() const { return fmt::format("{:016x}", state_); }

}  // namespace posecu
