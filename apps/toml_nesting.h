// A guard in front of toml++, whose recursion over keys of many parts ("a.a.a. ...") ends in a stack overflow.
#pragma once

#include <string_view>

namespace posecu {

// The line, from 1, at which a TOML text nests deeper than any configuration does: a key of more than 32 parts, or more
// than 32 open brackets. 0 when it does not.
int line_of_deep_nesting(std::string_view toml);

}  // namespace posecu
