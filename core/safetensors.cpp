#include "core/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/file.h"

namespace posecu {
namespace {

using Json = nlohmann::ordered_json;

// A header of ours has some thousand entries, about 150 bytes each.
constexpr std::uint64_t kMaxHeader = std::uint64_t{16} << 20;
constexpr std::size_t kMaxAxes = 8;

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

// Refuses what nlohmann would let pass: a key that stands twice in one object, and nesting deeper than the format has.
class StrictKeys {
 public:
  explicit StrictKeys(const std::string& path) : path_(path) {}
  bool operator()(int depth, nlohmann::json::parse_event_t event, const Json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (depth > 4) throw InputError(path_, "header", "nested deeper than the format has it");
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end) keys_.pop_back();
    if (event == Event::key && !keys_.back().insert(parsed.get<std::string>()).second) {
      throw InputError(path_, "header", fmt::format("the name {} stands there twice", parsed.dump()));
    }
    return true;
  }

 private:
  const std::string& path_;
  std::vector<std::set<std::string>> keys_;
};

Json parse_header(const std::string& path, std::string_view text) {
  if (text.empty() || text.front() != '{') throw InputError(path, "byte 8", "expected the header's '{'");
  try {
    StrictKeys strict(path);
    return Json::parse(text, [&strict](int depth, nlohmann::json::parse_event_t event, Json& parsed) {
      return strict(depth, event, parsed);
    });
  } catch (const nlohmann::json::exception& error) {
    throw InputError(path, "header", fmt::format("not valid JSON: {}", error.what()));
  }
}

std::uint64_t unsigned_number(const std::string& path, const std::string& name, const Json& value) {
  if (!value.is_number_unsigned()) {
    throw InputError(path, name, fmt::format("expected a non-negative integer, found {}", value.dump()));
  }
  return value.get<std::uint64_t>();
}

// One header entry, checked against `available` bytes of data.
StoredTensor parse_entry(const std::string& path, const std::string& name, const Json& entry,
                         std::span<const std::byte> data) {
  const auto refuse = [&](std::string_view problem) { throw InputError(path, name, problem); };
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets")) {
    refuse("expected dtype, shape and data_offsets");
  }
  StoredTensor tensor;
  tensor.name = name;
  const Json& type = entry["dtype"];
  const auto* row = std::ranges::find_if(kTypes, [&](const TypeRow& r) { return type.is_string() && type == r.name; });
  if (row == kTypes.end()) refuse(fmt::format("type {} is not one that posecu reads", type.dump()));
  tensor.type = row->type;

  const Json& shape = entry["shape"];
  if (!shape.is_array() || shape.size() > kMaxAxes) refuse("expected a shape of at most eight axes");
  std::uint64_t bytes = row->bytes;
  for (const Json& size : shape) {
    const std::uint64_t n = unsigned_number(path, name, size);
    if (n > (std::uint64_t{1} << 31) || __builtin_mul_overflow(bytes, n, &bytes)) refuse("its shape is too large");
    tensor.shape.push_back(static_cast<std::int64_t>(n));
  }

  const Json& offsets = entry["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2) refuse("expected two data_offsets");
  const std::uint64_t begin = unsigned_number(path, name, offsets[0]), end = unsigned_number(path, name, offsets[1]);
  if (begin > end || end > data.size()) {
    refuse(fmt::format("data_offsets [{},{}] do not lie in the file's {} bytes of data", begin, end, data.size()));
  }
  if (end - begin != bytes)
    refuse(fmt::format("its shape needs {} bytes, its data_offsets hold {}", bytes, end - begin));
  tensor.bytes = data.subspan(begin, bytes);
  return tensor;
}

// Tensors must cover the data exactly, one after another.
void check_cover(const std::string& path, std::vector<StoredTensor>& tensors, std::span<const std::byte> data) {
  std::ranges::stable_sort(tensors, {},
                           [](const StoredTensor& t) { return std::pair(t.bytes.data(), t.bytes.size()); });
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
std::size_t bytes_of(DataType type) { return kTypes[static_cast<std::size_t>(type)].bytes; }

Safetensors Safetensors::read(const std::string& path) {
  Safetensors file;
  file.path_ = path;
  file.contents_ = read_file(path);
  const std::span<const std::byte> all(file.contents_);
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
  const Json header = parse_header(path, {reinterpret_cast<const char*>(header_text.data()), header_text.size()});
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") {
      file.tensors_.push_back(parse_entry(path, name, entry, data));
      continue;
    }
    if (!entry.is_object()) throw InputError(path, name, "expected an object of texts");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) throw InputError(path, name, fmt::format("the value of {} is no text", key));
      file.metadata_.emplace(key, value.get<std::string>());
    }
  }
  check_cover(path, file.tensors_, data);
  return file;
}

bool Safetensors::contains(std::string_view name) const {
  return std::ranges::any_of(tensors_, [name](const StoredTensor& t) { return t.name == name; });
}

const StoredTensor& Safetensors::at(std::string_view name) const {
  const auto found = std::ranges::find(tensors_, name, &StoredTensor::name);
  if (found == tensors_.end()) throw InputError(path_, name, "there is no such tensor");
  return *found;
}

std::vector<double> Safetensors::doubles(std::string_view name) const {
  const StoredTensor& tensor = at(name);
  std::vector<double> values(tensor.elements());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = number(tensor, i);
  return values;
}

std::vector<float> Safetensors::floats(std::string_view name) const {
  const StoredTensor& tensor = at(name);
  if (tensor.type != DataType::f32 && tensor.type != DataType::f16 && tensor.type != DataType::bf16) {
    throw InputError(path_, name, fmt::format("expected F32, F16 or BF16, found {}", to_string(tensor.type)));
  }
  std::vector<float> values(tensor.elements());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(number(tensor, i));
  return values;
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

void write_safetensors(const std::string& path, std::span<const StoredTensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const StoredTensor& tensor : tensors) {
    std::uint64_t bytes = bytes_of(tensor.type);
    for (const std::int64_t size : tensor.shape) bytes *= static_cast<std::uint64_t>(size);
    require(bytes == tensor.bytes.size(), "a stored tensor's shape and bytes disagree");
    require(!header.contains(tensor.name), "two stored tensors have one name");
    header[tensor.name] = {{"dtype", to_string(tensor.type)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text = header.dump();
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

float bfloat16_to_float(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

}  // namespace posecu
