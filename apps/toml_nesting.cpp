#include "apps/toml_nesting.h"

#include <algorithm>

namespace posecu {
namespace {

constexpr int kMost = 32;

// The end of the string or comment that begins at `at`; `at` itself where none begins. An end that is missing is the
// text's or the line's: toml++ refuses such a string, and sees no more of the text.
std::size_t end_of_string(std::string_view toml, std::size_t at) {
  const auto find = [toml](std::string_view what, std::size_t from) {
    return std::min(toml.find(what, from), toml.size());
  };
  if (toml[at] == '#') return find("\n", at);
  if (toml[at] != '"' && toml[at] != '\'') return at;
  const std::string_view one = toml.substr(at, 1);
  const bool escapes = toml[at] == '"';
  const std::string_view three = escapes ? R"(""")" : "'''";
  const bool multi_line = toml.substr(at).starts_with(three);
  const std::string_view quote = multi_line ? three : one;
  for (std::size_t i = at + quote.size(); i < toml.size(); ++i) {
    if (escapes && toml[i] == '\\') {
      ++i;
    } else if (toml[i] == '\n' && !multi_line) {
      return i;
    } else if (toml.substr(i).starts_with(quote)) {
      i += quote.size();
      for (int more = 0; multi_line && more < 2 && toml.substr(i).starts_with(one); ++more) ++i;  // the text's own last
      return i;
    }
  }
  return toml.size();
}

}  // namespace

int line_of_deep_nesting(std::string_view toml) {
  int line = 1, parts = 0, brackets = 0;
  for (std::size_t i = 0; i < toml.size(); ++i) {
    if (const std::size_t end = end_of_string(toml, i); end > i) {
      line += static_cast<int>(std::ranges::count(toml.substr(i, end - i), '\n'));
      i = end - 1;
      continue;
    }
    const char c = toml[i];
    parts += c == '.';
    if (c == '{' || c == '[') ++brackets;
    if (c == '}' || c == ']') --brackets;
    if (parts > kMost || brackets > kMost) return line;
    if (c == '\n') ++line;
    if (c == '\n' || c == '=' || c == ',') parts = 0;
  }
  return 0;
}

}  // namespace posecu
