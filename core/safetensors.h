// The safetensors format: an 8-byte little-endian length, a JSON header, then the tensors' bytes without gaps.
// https://github.com/huggingface/safetensors documents it. Everything is checked before anything is used: unknown
// types, sizes that disagree, holes, overlaps, duplicate names and trailing bytes are refused with file and tensor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posecu {

enum class DataType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };
std::string_view to_string(DataType type);                 // as safetensors spells it: "F32"
std::optional<DataType> data_type(std::string_view name);  // the other way; empty for a type that is none of these
std::size_t bytes_of(DataType type);                       // of one element
bool is_floating(DataType type);

struct StoredTensor {
  std::string name;
  DataType type = DataType::f32;
  std::vector<std::int64_t> shape;   // [] holds one element
  std::span<const std::byte> bytes;  // little-endian, C order

  std::size_t elements() const { return bytes.size() / bytes_of(type); }
};

// Tensors by name, with the bytes that they lie in: what a safetensors file holds, and what other formats are turned
// into. Can be moved, not copied.
class Safetensors {
 public:
  // Throws InputError naming the file and the tensor or byte, MachineError when the file cannot be read.
  static Safetensors read(const std::string& path, std::uint64_t max_bytes = std::uint64_t{1} << 40);
  static Safetensors parse(std::string path, std::vector<std::byte> contents);  // of a file that is in memory already

  // From elsewhere: the tensors' bytes lie in `storage`. Throws InputError when two tensors have one name.
  Safetensors(std::string path, std::vector<std::vector<std::byte>> storage, std::vector<StoredTensor> tensors,
              std::map<std::string, std::string> metadata);
  // The same file with other tensors, whose bytes lie in the storage of these.
  Safetensors with_tensors(std::vector<StoredTensor> tensors) &&;
  Safetensors(Safetensors&&) = default;
  Safetensors& operator=(Safetensors&&) = default;

  const std::string& path() const { return path_; }
  const std::vector<StoredTensor>& tensors() const { return tensors_; }  // by offset
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  bool contains(std::string_view name) const;
  const StoredTensor* find(std::string_view name) const;  // null: no such tensor
  const StoredTensor& at(std::string_view name) const;    // InputError when missing

  // Values as numbers; any stored type converts to double, and to float when it is f32, f16 or bf16 (InputError else).
  std::vector<double> doubles(std::string_view name) const;
  std::vector<float> floats(std::string_view name) const;
  std::vector<std::int64_t> integers(std::string_view name) const;  // from integer types and boolean

 private:
  std::string path_;
  std::vector<std::vector<std::byte>> storage_;
  std::vector<StoredTensor> tensors_;
  std::vector<std::size_t> by_name_;  // indices of tensors_, sorted by name
  std::map<std::string, std::string> metadata_;
};

// The values of one tensor, in order.
std::vector<double> to_doubles(const StoredTensor& tensor);
std::vector<float> to_floats(const StoredTensor& tensor);  // rounds what has more digits

// A checksum of names, types, shapes, bytes and of the metadata but for the checksum itself, which our own files carry
// there. verify_checksum throws InputError when a file has one that its content does not match.
inline constexpr std::string_view kChecksumKey = "checksum";
std::string content_checksum(std::span<const StoredTensor> tensors, const std::map<std::string, std::string>& metadata);
void verify_checksum(const Safetensors& file);

// Writes atomically (core/file.h). The bytes of `tensors` must live until it returns. Tensors are stored in the given
// order, which must be free of duplicate names; nothing depends on time or machine, so equal content gives equal files.
void write_safetensors(const std::string& path, std::span<const StoredTensor> tensors,
                       const std::map<std::string, std::string>& metadata);

float half_to_float(std::uint16_t bits);   // IEEE 754 binary16
std::uint16_t float_to_half(float value);  // to nearest, ties to even; beyond 65504: infinity
float bfloat16_to_float(std::uint16_t bits);

}  // namespace posecu
