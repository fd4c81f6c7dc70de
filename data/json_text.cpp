#include "data/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <optional>

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

// The end of the value that stands at `at`; nothing where the text may end before it does.
std::optional<std::size_t> end_of_value(std::string_view text, std::size_t at) {
  int open = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    const char c = text[i];
    if (open == 0 && i > at && (c == '"' || c == '[' || c == '{')) return i;
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i)
        if (text[i] == '\\') ++i;
      if (i >= text.size()) break;
      if (open == 0) return i + 1;
    }
    if (c == '[' || c == '{') ++open;
    if (open == 0 && (c == ',' || c == ':' || c == ']' || c == '}' || is_space(c))) return i;
    if ((c == ']' || c == '}') && --open == 0) return i + 1;
  }
  return std::nullopt;
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

// Elements of a list, to be read as a list: its first and its last byte are taken for its brackets.
struct JsonText::Piece {
  std::size_t begin, end;
  bool last = false;  // all of the text that is left
};

struct JsonText::Progress {
  enum { list_ended, piece_ended, cut_short } what;  // the last: within its first element
  std::size_t at;                                    // where to go on: behind the list, or where the next piece begins
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

JsonText::JsonText(TextSource source, std::size_t piece_bytes)
    : source_(std::move(source)), piece_bytes_(piece_bytes) {}

// Reads on until the buffer holds `bytes` bytes from at_ on, or the text's end. What lies before at_ makes room.
void JsonText::fill(std::size_t bytes) {
  constexpr std::size_t kPadding = simdjson::SIMDJSON_PADDING + 1;  // a piece may end one byte behind the text
  constexpr std::size_t kPieces = 16;                               // the rest is moved once in so many
  if (ended_ || size_ - at_ >= bytes) return;
  if (at_ + bytes > room_) {
    std::unique_ptr<char[]> larger;
    if (2 * bytes > room_) {
      room_ = std::max(2 * bytes, kPieces * piece_bytes_);
      larger = std::make_unique_for_overwrite<char[]>(room_ + kPadding);
    }
    char* const place = larger ? larger.get() : buffer_.get();
    if (size_ > at_) std::memmove(place, buffer_.get() + at_, size_ - at_);
    if (larger) buffer_ = std::move(larger);
    before_ += at_;
    size_ -= at_;
    at_ = 0;
  }
  const std::size_t wanted = at_ + bytes - size_;
  const std::size_t got = source_(std::as_writable_bytes(std::span(buffer_.get() + size_, wanted)));
  size_ += got;
  ended_ = got < wanted;
  std::memset(buffer_.get() + size_, 0, kPadding);
}

void JsonText::fail(std::size_t at, std::string_view problem) const {
  throw JsonError(fmt::format("not valid JSON: {}", problem),
                  ended_ && at >= size_ ? "the end of the file" : fmt::format("byte {}", before_ + at));
}

// The index of what begins at `begin` could not be made; which of the bytes is to blame is not known.
void JsonText::fail_to_index(std::size_t begin, simdjson::error_code error) const {
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  if (error == simdjson::UNCLOSED_STRING) fail(size_, "a string has no end");
  throw JsonError(fmt::format("not valid JSON: {}", simdjson::error_message(error)),
                  fmt::format("from byte {} on", before_ + begin));
}

char JsonText::next() {
  while (true) {
    at_ = after_space(view(), at_);
    if (at_ < size_ && buffer_[at_] == '\0') fail(at_, "a zero byte");
    if (at_ < size_) return buffer_[at_];
    if (ended_) return '\0';
    fill(piece_bytes_);
  }
}

std::size_t JsonText::end_of_next() {
  for (std::size_t bytes = piece_bytes_;; bytes *= 2) {
    fill(bytes);
    if (const auto end = end_of_value(view(), at_)) return *end;
    if (!ended_) continue;
    if (next() == '"') fail(size_, "a string has no end");
    if (next() == '[' || next() == '{') fail(size_, "a list or an object has no end");
    return size_;
  }
}

std::string JsonText::describe_next() {
  if (next() == '\0') return "the end of the file";
  const std::size_t end = end_of_next();
  return describe_json(view().substr(at_, std::max<std::size_t>(end - at_, 1)));
}

void JsonText::expect(char first, std::string_view what) {
  if (next() == first) return;
  const std::string found = describe_next();
  fail(at_, fmt::format("expected {}, found {}", what, found));
}

void JsonText::take(char expected) {
  expect(expected, fmt::format("\"{}\"", expected));
  ++at_;
}

simdjson::error_code JsonText::index(std::size_t begin, std::size_t end, json::document& document) {
  const std::size_t bytes = end - begin;
  if (bytes > parser_.capacity()) check_memory_for_texts(bytes);
  return parser_.iterate(simdjson::padded_string_view(buffer_.get() + begin, bytes, bytes + simdjson::SIMDJSON_PADDING))
      .get(document);
}

std::string JsonText::take_key() {
  expect('"', "a name in quotes");
  const std::size_t end = end_of_next(), begin = std::exchange(at_, end);
  json::document document;
  std::string_view key;
  simdjson::error_code bad = index(begin, end, document);
  if (bad == simdjson::SUCCESS) bad = document.get_string().get(key);
  if (bad != simdjson::SUCCESS) fail_to_index(begin, bad);
  return std::string(key);
}

void JsonText::skip() {
  next();
  const std::size_t end = end_of_next(), begin = std::exchange(at_, end);
  if (end == begin) fail(begin, "a value is missing");
  json::document document;
  if (const auto bad = index(begin, end, document); bad != simdjson::SUCCESS) fail_to_index(begin, bad);
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
JsonText::Piece JsonText::cut(std::size_t bytes) {
  for (;; bytes *= 2) {
    fill(bytes + 1);
    const std::string_view text = view();
    if (text.size() - at_ <= bytes) return {at_, text.size() + 1, true};
    for (std::size_t i = at_ + bytes; i > at_; --i)
      if (text[i] == ',' && separates_objects(text, i)) return {at_, i + 1};
  }
}

JsonText::Progress JsonText::read_piece(const Piece& piece, const Read& read, const Keep& keep) {
  char* const text = buffer_.get();
  const bool follows_comma = text[piece.begin] != '[';
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
  std::size_t element_at = piece.begin + 1, seen = 0;
  try {
    for (json::value element : document.get_array()) {
      if (seen++ > 0) keep();  // the one before: where this one begins is known by its end
      element_at = here(piece.end);
      read(element);
    }
    if (seen > 0) keep();
    if (seen == 0 && follows_comma) fail(piece.begin, "nothing follows a comma");
  } catch (const simdjson::simdjson_error& error) {
    if (piece.last) fail(here(size_), error.what());
    return {seen > 1 ? Progress::piece_ended : Progress::cut_short, element_at - 1};
  }
  const std::size_t at = here(piece.end);
  if (at < piece.end) return {Progress::list_ended, at};
  if (piece.last) fail(size_, "a list has no end");
  return {Progress::piece_ended, piece.end - 1};
}

void JsonText::for_each(const Read& read, const Keep& keep) {
  expect('[', "a list");
  std::size_t bytes = piece_bytes_;
  Progress progress{Progress::piece_ended, at_};
  while (progress.what != Progress::list_ended) {
    progress = read_piece(cut(bytes), read, keep);
    at_ = progress.at;
    bytes = progress.what == Progress::cut_short ? 2 * bytes : piece_bytes_;
  }
}

}  // namespace posecu
