#include "core/safetensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "core/checked_size.h"
#include "core/checksum.h"
#include "core/error.h"
#include "core/file.h"
#include "core/safetensors_header.h"

namespace posecu {
namespace {

// A header of ours has some thousand entries, about 150 bytes each.
constexpr std::uint64_t kMaxHeader = std::uint64_t{16} << 20;

struct TypeRow {
  DataType type;
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array<TypeRow, 10> kTypes{{{DataType::f64, "F64", 8},
                                          {DataType::f32, "F32", 4},
                                          {DataType::f16, "F16", 2},
                                          {DataType::bf16, "BF16", 2},
                                          {DataType::i64, "I64", 8},
                                          {DataType::i32, "I32", 4},
                                          {DataType::i16, "I16", 2},
                                          {DataType::i8, "I8", 1},
                                          {DataType::u8, "U8", 1},
                                          {DataType::boolean, "BOOL", 1}}};

// Tensors, sorted by their place, must cover the data exactly, one after another.
void check_cover(const std::string& path, std::span<const StoredTensor> tensors, std::span<const std::byte> data) {
  const std::byte* at = data.data();
  for (const StoredTensor& tensor : tensors) {
    if (tensor.bytes.data() != at)
      throw InputError(path, tensor.name, "overlaps another tensor, or leaves a hole before it");
    at += tensor.bytes.size();
  }
  if (at != data.data() + data.size()) {
    throw InputError(path, fmt::format("byte {} of the data", at - data.data()), "bytes that belong to no tensor");
  }
}

template <class T>
T element(std::span<const std::byte> bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

double number(const StoredTensor& tensor, std::size_t i) {
  switch (tensor.type) {
    case DataType::f64:
      return element<double>(tensor.bytes, i);
    case DataType::f32:
      return element<float>(tensor.bytes, i);
    case DataType::f16:
      return half_to_float(element<std::uint16_t>(tensor.bytes, i));
    case DataType::bf16:
      return bfloat16_to_float(element<std::uint16_t>(tensor.bytes, i));
    case DataType::i64:
      return static_cast<double>(element<std::int64_t>(tensor.bytes, i));
    case DataType::i32:
      return element<std::int32_t>(tensor.bytes, i);
    case DataType::i16:
      return element<std::int16_t>(tensor.bytes, i);
    case DataType::i8:
      return element<std::int8_t>(tensor.bytes, i);
    case DataType::u8:
    case DataType::boolean:
      return element<std::uint8_t>(tensor.bytes, i);
  }
  return 0;
}

}  // namespace

std::string_view to_string(DataType type) { return kTypes[static_cast<std::size_t>(type)].name; }
bool is_floating(DataType type) { return type <= DataType::bf16; }
std::size_t bytes_of(DataType type) { return kTypes[static_cast<std::size_t>(type)].bytes; }

std::optional<DataType> data_type(std::string_view name) {
  const auto* const row = std::ranges::find(kTypes, name, &TypeRow::name);
  return row == kTypes.end() ? std::nullopt : std::optional(row->type);
}

Safetensors Safetensors::read(const std::string& path, std::uint64_t max_bytes) {
  return parse(path, read_file(path, max_bytes));
}

Safetensors Safetensors::parse(std::string path, std::vector<std::byte> contents) {
  const std::span<const std::byte> all(contents);
  if (all.size() < 8) throw InputError(path, "byte 0", "too short for a safetensors file");
  const auto header_bytes = element<std::uint64_t>(all, 0);
  if (header_bytes > kMaxHeader || header_bytes > all.size() - 8) {
    throw InputError(path, "byte 0",
                     fmt::format("a header of {} bytes does not fit into the file's {} (at most {} are read): not a "
                                 "safetensors file, or cut off",
                                 header_bytes, all.size(), kMaxHeader));
  }
  const auto header_text = all.subspan(8, header_bytes);
  const auto data = all.subspan(8 + header_bytes);
  SafetensorsHeader header =
      parse_safetensors_header(path, {reinterpret_cast<const char*>(header_text.data()), header_text.size()}, data);
  std::ranges::stable_sort(header.tensors, {},
                           [](const StoredTensor& t) { return std::pair(t.bytes.data(), t.bytes.size()); });
  std::vector<std::vector<std::byte>> storage;
  storage.push_back(std::move(contents));
  Safetensors file(std::move(path), std::move(storage), std::move(header.tensors), std::move(header.metadata));
  check_cover(file.path_, file.tensors_, data);
  return file;
}

Safetensors::Safetensors(std::string path, std::vector<std::vector<std::byte>> storage,
                         std::vector<StoredTensor> tensors, std::map<std::string, std::string> metadata)
    : path_(std::move(path)),
      storage_(std::move(storage)),
      tensors_(std::move(tensors)),
      by_name_(tensors_.size()),
      metadata_(std::move(metadata)) {
  std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
  const auto name_of = [this](std::size_t i) -> std::string_view { return tensors_[i].name; };
  std::ranges::sort(by_name_, {}, name_of);
  const auto twice = std::ranges::adjacent_find(by_name_, {}, name_of);
  if (twice != by_name_.end()) throw InputError(path_, name_of(*twice), "the name stands there twice");
}

Safetensors Safetensors::with_tensors(std::vector<StoredTensor> tensors) && {
  return {std::move(path_), std::move(storage_), std::move(tensors), std::move(metadata_)};
}

bool Safetensors::contains(std::string_view name) const { return find(name) != nullptr; }

const StoredTensor* Safetensors::find(std::string_view name) const {
  const auto name_of = [this](std::size_t i) -> std::string_view { return tensors_[i].name; };
  const auto found = std::ranges::lower_bound(by_name_, name, {}, name_of);
  return found == by_name_.end() || name_of(*found) != name ? nullptr : &tensors_[*found];
}

const StoredTensor& Safetensors::at(std::string_view name) const {
  const StoredTensor* found = find(name);
  if (found == nullptr) throw InputError(path_, name, "there is no such tensor");
  return *found;
}

std::vector<double> Safetensors::doubles(std::string_view name) const { return to_doubles(at(name)); }

std::vector<float> Safetensors::floats(std::string_view name) const {
  const StoredTensor& tensor = at(name);
  if (tensor.type != DataType::f32 && tensor.type != DataType::f16 && tensor.type != DataType::bf16) {
    throw InputError(path_, name, fmt::format("expected F32, F16 or BF16, found {}", to_string(tensor.type)));
  }
  return to_floats(tensor);
}

std::vector<std::int64_t> Safetensors::integers(std::string_view name) const {
  const StoredTensor& tensor = at(name);
  if (tensor.type < DataType::i64) {
    throw InputError(path_, name, fmt::format("expected integers, found {}", to_string(tensor.type)));
  }
  std::vector<std::int64_t> values(tensor.elements());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = tensor.type == DataType::i64 ? element<std::int64_t>(tensor.bytes, i)
                                             : static_cast<std::int64_t>(number(tensor, i));
  }
  return values;
}

std::vector<double> to_doubles(const StoredTensor& tensor) {
  std::vector<double> values(tensor.elements());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = number(tensor, i);
  return values;
}

std::vector<float> to_floats(const StoredTensor& tensor) {
  std::vector<float> values(tensor.elements());
  if (tensor.type == DataType::f32) {
    if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return values;
  }
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(number(tensor, i));
  return values;
}

std::string content_checksum(std::span<const StoredTensor> tensors,
                             const std::map<std::string, std::string>& metadata) {
  Checksum64 checksum;
  for (const auto& [key, value] : metadata) {
    if (key == kChecksumKey) continue;
    checksum.add(key);
    checksum.add(value);
  }
  for (const StoredTensor& tensor : tensors) {
    checksum.add(tensor.name);
    checksum.add(to_string(tensor.type));
    checksum.add(std::as_bytes(std::span(tensor.shape)));
    checksum.add(tensor.bytes);
  }
  return checksum.text();
}

void verify_checksum(const Safetensors& file) {
  const auto stated = file.metadata().find(std::string(kChecksumKey));
  if (stated == file.metadata().end()) return;
  const std::string found = content_checksum(file.tensors(), file.metadata());
  if (stated->second == found) return;
  throw InputError(file.path(), "metadata checksum",
                   fmt::format("its content does not match its checksum (stored {}, computed {}): the file is damaged",
                               stated->second, found));
}

void write_safetensors(const std::string& path, std::span<const StoredTensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::string text = "{";
  if (!metadata.empty()) text += fmt::format("\"__metadata__\":{}", nlohmann::json(metadata).dump());
  std::uint64_t offset = 0;
  std::set<std::string_view> names;
  for (const StoredTensor& tensor : tensors) {
    const auto elements = checked_elements(tensor.shape);
    require(elements && checked_multiply(*elements, bytes_of(tensor.type)) == tensor.bytes.size(),
            "a stored tensor's shape and bytes disagree");
    require(names.insert(tensor.name).second, "two stored tensors have one name");
    text += fmt::format(R"({}{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", text.size() > 1 ? "," : "",
                        nlohmann::json(tensor.name).dump(), to_string(tensor.type), fmt::join(tensor.shape, ","),
                        offset, offset + tensor.bytes.size());
    offset += tensor.bytes.size();
  }
  text += '}';
  text.append((8 - text.size() % 8) % 8, ' ');  // the data begins at a multiple of 8

  AtomicFile file(path);
  const auto length = static_cast<std::uint64_t>(text.size());
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(text);
  for (const StoredTensor& tensor : tensors) file.write(tensor.bytes);
  file.commit();
}

float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16, exponent = (bits >> 10) & 0x1FU, fraction = bits & 0x3FFU;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
  return sign != 0 ? -magnitude : magnitude;
}

std::uint16_t float_to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
  const float magnitude = std::abs(value);
  if (std::isnan(value)) return sign | 0x7E00U;
  if (magnitude >= 65520.F) return sign | 0x7C00U;
  if (magnitude < 0x1p-14F) {  // subnormal: a multiple of 2^-24, which adding 0.5 rounds to, ties to even
    return sign | static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(magnitude + 0.5F) - 0x3F000000U);
  }
  const std::uint32_t kept = std::bit_cast<std::uint32_t>(magnitude) - (std::uint32_t{112} << 23);
  return sign | static_cast<std::uint16_t>((kept + 0xFFFU + ((kept >> 13) & 1U)) >> 13);
}

float bfloat16_to_float(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

}  // namespace posecu
