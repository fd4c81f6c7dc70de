// Large JSON texts, a piece at a time. simdjson indexes all of a text before it gives anything of it, and the index can
// be larger than the text; a piece and its index stay in the cache.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "core/file.h"

namespace posecu {

// Not JSON: what is wrong, and where.
struct JsonError : std::runtime_error {
  JsonError(const std::string& problem, std::string where) : std::runtime_error(problem), place(std::move(where)) {}
  std::string place;  // "byte 17", "from byte 17 on" or "the end of the file"
};

// How a message calls what stands where something else was expected, by its first bytes.
std::string describe_json(std::string_view value);

// Reads the outermost object or list of a text from its beginning to its end; lists are read element by element.
// Throws JsonError, std::bad_alloc where there is no memory for a piece, and what the source throws.
class JsonText {
 public:
  static constexpr std::size_t kPieceBytes = std::size_t{1} << 18;

  explicit JsonText(TextSource source, std::size_t piece_bytes = kPieceBytes);

  char next();  // the first byte, not white space, of what has not been read yet; 0 at the end
  std::string describe_next();

  // `member` must read the value: with for_each or skip().
  void for_each_member(const std::function<void(const std::string& key)>& member);

  // Calls both for each element in turn: `read`, and, when all of the element has been seen, `keep`. A piece may end
  // within an element: it is read once more then, in a larger one. What `read` is given lasts until `keep` returns.
  using Read = std::function<void(simdjson::ondemand::value element)>;
  using Keep = std::function<void()>;
  void for_each(const Read& read, const Keep& keep);

  void skip();  // a value; only its strings are checked

 private:
  struct Piece;
  struct Progress;
  Piece cut(std::size_t bytes);
  Progress read_piece(const Piece& piece, const Read& read, const Keep& keep);
  simdjson::error_code index(std::size_t begin, std::size_t end, simdjson::ondemand::document& document);
  void expect(char first, std::string_view what);
  void take(char expected);
  std::string take_key();
  std::size_t end_of_next();
  void fill(std::size_t bytes);
  std::string_view view() const { return {buffer_.get(), size_}; }
  [[noreturn]] void fail(std::size_t at, std::string_view problem) const;
  [[noreturn]] void fail_to_index(std::size_t begin, simdjson::error_code error) const;

  TextSource source_;
  std::size_t piece_bytes_;
  std::unique_ptr<char[]> buffer_;  // a part of the text
  std::size_t room_ = 0;            // of the buffer, without the padding that simdjson wants
  std::size_t size_ = 0;            // how much of it is text
  std::size_t before_ = 0;          // bytes of the text before it
  std::size_t at_ = 0;              // where reading goes on in it
  bool ended_ = false;              // it holds the end of the text
  simdjson::ondemand::parser parser_;
};

// Throws std::bad_alloc where there is no memory for the texts of a JSON file of that size: simdjson 3 asks for it
// without looking at the answer.
void check_memory_for_texts(std::size_t file_bytes);

}  // namespace posecu
