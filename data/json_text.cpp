#include "data/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "core/error.h"

namespace posecu {
namespace {

namespace json = simdjson::ondemand;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::size_t after_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

// Whether the comma at `at` stands between two objects, as far as its neighbours tell.
bool separates_objects(std::string_view text, std::size_t at) {
  std::size_t before = at;
  while (before > 0 && is_space(text[before - 1])) --before;
  const std::size_t after = after_space(text, at + 1);
  return before > 0 && text[before - 1] == '}' && after < text.size() && text[after] == '{';
}

// Other bytes in the place of those of a text, for a moment.
class Replaced {
 public:
  Replaced(char* place, char byte) : place_(place), before_(*place) { *place = byte; }
  ~Replaced() { *place_ = before_; }
  Replaced(const Replaced&) = delete;
  Replaced& operator=(const Replaced&) = delete;

 private:
  char* place_;
  char before_;
};

}  // namespace

// A piece of the whole rest has its bracket behind the text.
static_assert(PaddedText::kPadding > simdjson::SIMDJSON_PADDING);

// Elements of a list, to be read as a list: its first and its last byte are taken for its brackets.
struct JsonText::Piece {
  std::size_t begin, end;
  bool last = false;  // all of the text that is left
};

struct JsonText::Progress {
  enum { list_ended, piece_ended, cut_short } what;
  std::size_t at;  // where to go on: behind the list, or where the next piece begins
};

std::string describe_json(std::string_view value) {
  constexpr std::size_t kLongest = 40;
  if (value.starts_with('[')) return "a list";
  if (value.starts_with('{')) return "an object";
  value = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
  return value.size() <= kLongest ? std::string(value) : fmt::format("{}...", value.substr(0, kLongest));
}

void check_memory_for_texts(std::size_t file_bytes) {
  const auto room = std::make_unique_for_overwrite<std::uint8_t[]>(5 * file_bytes / 3 + 2 * simdjson::SIMDJSON_PADDING);
  require(room != nullptr, "new gives memory or throws");
}

void JsonText::fail(std::size_t at, std::string_view problem) const {
  throw JsonError(fmt::format("not valid JSON: {}", problem),
                  at < text_.size() ? fmt::format("byte {}", at) : "the end of the file");
}

// The index of what begins at `begin` could not be made; which of the bytes is to blame is not known.
void JsonText::fail_to_index(std::size_t begin, simdjson::error_code error) const {
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  if (error == simdjson::UNCLOSED_STRING) fail(text_.size(), "a string has no end");
  throw JsonError(fmt::format("not valid JSON: {}", simdjson::error_message(error)),
                  fmt::format("from byte {} on", begin));
}

char JsonText::next() {
  at_ = after_space(text_.view(), at_);
  return at_ < text_.size() ? text_.data()[at_] : '\0';
}

std::string JsonText::describe_next() {
  if (next() == '\0') return "the end of the file";
  return describe_json(text_.view().substr(at_, std::max<std::size_t>(end_of_value(at_) - at_, 1)));
}

void JsonText::take(char expected) {
  if (next() != expected) fail(at_, fmt::format("expected \"{}\", found {}", expected, describe_next()));
  ++at_;
}

// The end of the string whose quote stands at `at`.
std::size_t JsonText::end_of_string(std::size_t at) const {
  const std::string_view text = text_.view();
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  fail(text.size(), "a string has no end");
}

std::size_t JsonText::end_of_value(std::size_t at) const {
  const std::string_view text = text_.view();
  int open = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && open == 0) return i == at ? end_of_string(at) : i;
    if (c == '"') i = end_of_string(i) - 1;
    if (c == '[' || c == '{') ++open;
    if (open == 0 && (c == ',' || c == ':' || c == ']' || c == '}' || is_space(c))) return i;
    if ((c == ']' || c == '}') && --open == 0) return i + 1;
  }
  if (open > 0) fail(text.size(), "a list or an object has no end");
  return text.size();
}

simdjson::error_code JsonText::index(std::size_t begin, std::size_t end, json::document& document) {
  const std::size_t bytes = end - begin;
  if (bytes > parser_.capacity()) check_memory_for_texts(bytes);
  return parser_
      .iterate(simdjson::padded_string_view(text_.data() + begin, bytes, text_.size() - begin + PaddedText::kPadding))
      .get(document);
}

std::string JsonText::take_key() {
  if (next() != '"') fail(at_, fmt::format("expected a name in quotes, found {}", describe_next()));
  const std::size_t begin = std::exchange(at_, end_of_string(at_));
  json::document document;
  std::string_view key;
  simdjson::error_code bad = index(begin, at_, document);
  if (bad == simdjson::SUCCESS) bad = document.get_string().get(key);
  if (bad != simdjson::SUCCESS) fail_to_index(begin, bad);
  return std::string(key);
}

void JsonText::skip() {
  next();
  const std::size_t begin = std::exchange(at_, end_of_value(at_));
  if (at_ == begin) fail(at_, "a value is missing");
  json::document document;
  if (const auto bad = index(begin, at_, document); bad != simdjson::SUCCESS) fail_to_index(begin, bad);
}

void JsonText::for_each_member(const std::function<void(const std::string& key)>& member) {
  take('{');
  if (next() != '}') {
    while (true) {
      const std::string key = take_key();
      take(':');
      member(key);
      if (next() != ',') break;
      ++at_;
    }
  }
  take('}');
}

// A piece of at most `bytes` bytes if there is a place to cut. It may be one within an element: that is found to be cut
// short then, as nothing can follow its bracket that stands behind such a comma.
JsonText::Piece JsonText::cut(std::size_t begin, std::size_t bytes) const {
  const std::string_view text = text_.view();
  for (; bytes < text.size() - begin; bytes *= 2)
    for (std::size_t i = begin + bytes; i > begin; --i)
      if (text[i] == ',' && separates_objects(text, i)) return {begin, i + 1};
  return {begin, text.size() + 1, true};
}

JsonText::Progress JsonText::read_piece(const Piece& piece, const Read& read, const Keep& keep) {
  char* const text = text_.data();
  const Replaced opening(text + piece.begin, '['), closing(text + piece.end - 1, ']');
  json::document document;
  if (const auto bad = index(piece.begin, piece.end, document); bad != simdjson::SUCCESS) {
    if (piece.last || bad == simdjson::MEMALLOC) fail_to_index(piece.begin, bad);
    return {Progress::cut_short, piece.begin};
  }
  const auto here = [&](std::size_t at_its_end) {
    const char* location = nullptr;
    const bool known = document.current_location().get(location) == simdjson::SUCCESS;
    return known ? static_cast<std::size_t>(location - text) : at_its_end;
  };
  std::size_t element_at = piece.begin + 1;
  try {
    bool seen = false;
    for (json::value element : document.get_array()) {
      if (std::exchange(seen, true)) keep();  // the one before: where this one begins is known by its end
      element_at = here(piece.end);
      read(element);
    }
    if (seen) keep();
  } catch (const simdjson::simdjson_error& error) {
    if (piece.last) fail(here(text_.size()), error.what());
    return {Progress::cut_short, element_at - 1};
  }
  const std::size_t at = here(piece.end);
  if (at < piece.end) return {Progress::list_ended, at};
  if (piece.last) fail(text_.size(), "a list has no end");
  return {Progress::piece_ended, piece.end - 1};
}

void JsonText::for_each(const Read& read, const Keep& keep) {
  if (next() != '[') fail(at_, fmt::format("expected a list, found {}", describe_next()));
  std::size_t bytes = piece_bytes_;
  Progress progress{Progress::piece_ended, at_};
  while (progress.what != Progress::list_ended) {
    progress = read_piece(cut(progress.at, bytes), read, keep);
    bytes = progress.what == Progress::cut_short ? 2 * bytes : piece_bytes_;
  }
  at_ = progress.at;
}

}  // namespace posecu
