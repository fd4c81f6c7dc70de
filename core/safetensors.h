// The safetensors format: an 8-byte little-endian length, a JSON header, then the tensors' bytes without gaps.
// https://github.com/huggingface/safetensors documents it. Everything is checked before anything is used: unknown
// types, sizes that disagree, holes, overlaps, duplicate names and trailing bytes are refused with file and tensor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posecu {

enum class DataType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };
std::string_view to_string(DataType type);  // as safetensors spells it: "F32"
std::size_t bytes_of(DataType type);        // of one element

struct StoredTensor {
  std::string name;
  DataType type = DataType::f32;
  std::vector<std::int64_t> shape;   // [] holds one element
  std::span<const std::byte> bytes;  // little-endian, C order

  std::size_t elements() const { return bytes.size() / bytes_of(type); }
};

class Safetensors {
 public:
  // Throws InputError naming the file and the tensor or byte, MachineError when the file cannot be read.
  static Safetensors read(const std::string& path);

  const std::string& path() const { return path_; }
  const std::vector<StoredTensor>& tensors() const { return tensors_; }  // by offset
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  bool contains(std::string_view name) const;
  const StoredTensor& at(std::string_view name) const;  // InputError when missing

  // Values as numbers; any stored type converts to double, and to float when it is f32, f16 or bf16 (InputError else).
  std::vector<double> doubles(std::string_view name) const;
  std::vector<float> floats(std::string_view name) const;
  std::vector<std::int64_t> integers(std::string_view name) const;  // from integer types and boolean

 private:
  std::string path_;
  std::vector<std::byte> contents_;
  std::vector<StoredTensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

// Writes atomically (core/file.h). The bytes of `tensors` must live until it returns. Tensors are stored in the given
// order, which must be free of duplicate names; nothing depends on time or machine, so equal content gives equal files.
void write_safetensors(const std::string& path, std::span<const StoredTensor> tensors,
                       const std::map<std::string, std::string>& metadata);

float half_to_float(std::uint16_t bits);  // IEEE 754 binary16
float bfloat16_to_float(std::uint16_t bits);

}  // namespace posecu
