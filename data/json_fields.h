// The fields of a JSON object, each with the type and the range that it must have.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace posecu {

// What is wrong with a field; whoever knows the annotation and the file adds them.
struct FieldError : std::runtime_error {
  FieldError(std::string_view name, std::string_view problem);
  std::string field;
};

// Which fields of an object were met: required ones must be there, none twice.
class Fields {
 public:
  explicit Fields(std::span<const std::string_view> names) : names_(names) {}  // must outlive this

  // The position of `name` among the names, or -1; an error when it comes a second time.
  int meet(std::string_view name) {
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (names_[i] == name) return meet(i);
    return -1;
  }

  // Calls use(position, name, value) for each field of the object that has one of the names.
  template <class Use>
  void read(simdjson::ondemand::object object, const Use& use) {
    for (simdjson::ondemand::field field : object)
      if (const int which = meet(field); which >= 0) use(which, names_[static_cast<std::size_t>(which)], field.value());
  }

  void require_first(std::size_t n) const {
    for (std::size_t i = 0; i < n; ++i)
      if ((met_ >> i & 1u) == 0) throw FieldError(names_[i], "is missing");
  }

 private:
  // Few are spelled with escapes: the others are compared where they stand.
  int meet(simdjson::ondemand::field& field) {
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (field.key().unsafe_is_equal(names_[i])) return meet(i);
    return meet(field.unescaped_key().value());
  }

  int meet(std::size_t i) {
    if ((met_ >> i & 1u) != 0) throw FieldError(names_[i], "is there twice");
    met_ |= 1u << i;
    return static_cast<int>(i);
  }

  std::span<const std::string_view> names_;
  unsigned met_ = 0;
};

// These throw a FieldError of `field` where the value is something else.
std::int64_t read_integer(std::string_view field, simdjson::ondemand::value& value);  // 18.0 is one
int read_small_integer(std::string_view field, simdjson::ondemand::value& value);     // up to 1e6, of either sign
double read_number(std::string_view field, simdjson::ondemand::value& value);         // finite
std::vector<double> read_numbers(std::string_view field, simdjson::ondemand::value& value);
std::string read_text(std::string_view field, simdjson::ondemand::value& value);
bool read_flag(std::string_view field, simdjson::ondemand::value& value);  // true, false, 0, 1
simdjson::ondemand::array read_list(std::string_view field, simdjson::ondemand::value& value);

// In pixels, up to 1e6 of either sign: farther outside of every picture, arithmetic in float would lose its meaning.
double read_coordinate(std::string_view field, simdjson::ondemand::value& value);
std::vector<double> read_coordinates(std::string_view field, simdjson::ondemand::value& value);

// How a message calls a value.
std::string describe_found(simdjson::ondemand::value& value);

}  // namespace posecu
