#include "core/safetensors_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/checked_size.h"
#include "core/error.h"

namespace posecu {
namespace {

constexpr std::string_view kMetadata = "__metadata__";

// What nlohmann's parser calls while it walks through the text; every call that the format does not foresee throws.
class HeaderReader {
 public:
  using Json = nlohmann::json;

  HeaderReader(const std::string& path, std::span<const std::byte> data) : path_(path), data_(data) {}
  SafetensorsHeader take() { return std::move(header_); }

  bool start_object(std::size_t) {
    if (place_ == Place::outside) return go(Place::header);
    if (place_ != Place::header) refuse("nested deeper than the format has it");
    entry_ = {};
    return go(name_ == kMetadata ? Place::metadata : Place::entry);
  }

  bool end_object() {
    if (place_ == Place::entry) add_entry();
    return go(place_ == Place::header ? Place::outside : Place::header);
  }

  bool key(std::string& name) {
    if (place_ == Place::header) {
      name_ = std::move(name);
      if (name_ == kMetadata && std::exchange(has_metadata_, true)) refuse("the name stands there twice");
      return true;
    }
    key_ = std::move(name);
    if (place_ == Place::metadata) return true;
    const bool known = key_ == "dtype" || key_ == "shape" || key_ == "data_offsets";
    if (!known) refuse(fmt::format("expected dtype, shape and data_offsets, found {}", key_));
    const bool again =
        key_ == "dtype" ? entry_.type.has_value() : (key_ == "shape" ? entry_.shape : entry_.offsets).has_value();
    if (again) refuse(fmt::format("{} stands there twice", key_));
    return true;
  }

  bool string(std::string& text) {
    if (place_ == Place::metadata) {
      if (!header_.metadata.emplace(key_, std::move(text)).second) refuse(fmt::format("{} stands there twice", key_));
      return true;
    }
    if (place_ != Place::entry || key_ != "dtype") refuse("a text where none belongs");
    entry_.type = data_type(text);
    if (!entry_.type) refuse(fmt::format("type {} is not one that posecu reads", text));
    return true;
  }

  bool start_array(std::size_t) {
    if (place_ != Place::entry || key_ == "dtype") refuse("a list where none belongs");
    (key_ == "shape" ? entry_.shape : entry_.offsets).emplace();
    return go(Place::list);
  }
  bool end_array() { return go(Place::entry); }

  bool number_unsigned(std::uint64_t number) {
    if (place_ != Place::list) refuse("a number where none belongs");
    auto& list = *(key_ == "shape" ? entry_.shape : entry_.offsets);
    if (list.size() == kMaxAxes) refuse("expected a shape of at most eight axes");
    list.push_back(number);
    return true;
  }

  bool number_integer(std::int64_t number) { return refuse_number(fmt::format("{}", number)); }
  bool number_float(double, const std::string& text) { return refuse_number(text); }
  bool boolean(bool) { return refuse_number("true or false"); }
  bool null() { return refuse_number("null"); }
  bool binary(Json::binary_t&) { return refuse_number("binary data"); }

  bool parse_error(std::size_t byte, const std::string&, const nlohmann::detail::exception& error) {
    throw InputError(path_, fmt::format("byte {}", byte + 8),
                     fmt::format("the header is not valid JSON: {}", error.what()));
  }

 private:
  enum class Place { outside, header, metadata, entry, list };
  struct Entry {
    std::optional<DataType> type;
    std::optional<std::vector<std::uint64_t>> shape, offsets;
  };

  bool go(Place place) {
    place_ = place;
    return true;
  }
  [[noreturn]] void refuse(std::string_view problem) const {
    throw InputError(path_, name_.empty() ? "header" : name_, problem);
  }
  [[noreturn]] bool refuse_number(const std::string& found) const {
    refuse(
        fmt::format("expected {}, found {}", place_ == Place::metadata ? "a text" : "a non-negative integer", found));
  }

  void add_entry() {
    if (!entry_.type || !entry_.shape || !entry_.offsets) refuse("expected dtype, shape and data_offsets");
    StoredTensor tensor{name_, *entry_.type, {}, {}};
    for (const std::uint64_t size : *entry_.shape) {
      if (size > static_cast<std::uint64_t>(kMaxAxis)) refuse("its shape is too large");
      tensor.shape.push_back(static_cast<std::int64_t>(size));
    }
    const auto elements = checked_elements(tensor.shape);
    const auto bytes = elements ? checked_multiply(*elements, bytes_of(tensor.type)) : std::nullopt;
    if (!bytes) refuse("its shape is too large");
    if (entry_.offsets->size() != 2) refuse("expected two data_offsets");
    const std::uint64_t begin = (*entry_.offsets)[0], end = (*entry_.offsets)[1];
    if (begin > end || end > data_.size()) {
      refuse(fmt::format("data_offsets [{},{}] do not lie in the file's {} bytes of data", begin, end, data_.size()));
    }
    if (end - begin != *bytes) {
      refuse(fmt::format("its shape needs {} bytes, its data_offsets hold {}", *bytes, end - begin));
    }
    tensor.bytes = data_.subspan(begin, *bytes);
    if (header_.tensors.size() == kMaxTensors) refuse(fmt::format("more than {} tensors", kMaxTensors));
    header_.tensors.push_back(std::move(tensor));
  }

  const std::string& path_;
  std::span<const std::byte> data_;
  SafetensorsHeader header_;
  Place place_ = Place::outside;
  bool has_metadata_ = false;
  std::string name_, key_;  // of the entry, and within it
  Entry entry_;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(const std::string& path, std::string_view text,
                                           std::span<const std::byte> data) {
  if (text.empty() || text.front() != '{') throw InputError(path, "byte 8", "expected the header's '{'");
  HeaderReader reader(path, data);
  nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  return reader.take();
}

}  // namespace posecu
