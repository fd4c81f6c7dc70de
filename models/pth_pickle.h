// A reader of the pickles that PyTorch saves tensors with. Nothing is called and no object of Python is made: the few
// opcodes that tensors need move plain values about, the few names that tensors need have a meaning built in, and
// everything else is refused with its name and its place in the file.
//
//   values     None, bool, int, float, str, tuple, list, dict
//   names      OrderedDict and Counter of collections; torch.FloatStorage and its kin;
//              torch._utils._rebuild_tensor_v2 and _rebuild_parameter
//   BUILD      gives an OrderedDict its `_metadata`, which is dropped; nothing else may have attributes
//
// Bounds: 8 MiB of pickle, 2^19 values, 2^20 memo entries. There is no recursion. Values refer to each other by index,
// so a list that contains itself is no trouble until somebody walks it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/safetensors.h"

namespace posecu {

enum class PickleKind : std::uint8_t {
  none,
  boolean,
  integer,
  big_integer,  // more than 64 bits: `text` holds its bytes, little-endian, two's complement
  real,
  text,
  tuple,
  list,
  dict,          // `items` holds keys and values in turn
  ordered_dict,  // the same
  name,          // one of the names above: `integer` is its index in an internal table
  storage,       // `integer` is an index of Pickle::storages
  tensor         // of Pickle::tensors
};

struct PickleValue {
  PickleKind kind = PickleKind::none;
  union {
    std::int64_t integer = 0;
    double real;
  };
  std::string_view text;             // valid UTF-8; lies in the pickle
  std::vector<std::uint32_t> items;  // indices of Pickle::values
};

// A run of elements that tensors are views of.
struct PickleStorage {
  DataType type = DataType::f32;
  std::string_view key;  // decimal digits
  std::uint64_t elements = 0;
};

// Reads only elements that its storage states to have.
struct PickleTensor {
  std::size_t storage = 0;
  std::uint64_t offset = 0;  // in elements
  std::vector<std::int64_t> shape, strides;
};

struct Pickle {
  std::vector<PickleValue> values;
  std::vector<PickleStorage> storages;  // each key once
  std::vector<PickleTensor> tensors;
  std::uint32_t root = 0;
  std::size_t end = 0;  // one past the pickle's last byte

  const PickleValue& at(std::uint32_t index) const { return values[index]; }
};

// Where a pickle lies. The bytes must outlive what is read from them.
struct PickleSource {
  std::string file;
  std::string record;  // within the file; empty: the file itself
  std::span<const std::byte> bytes;
  std::size_t begin = 0;  // of the pickle in `bytes`
};

// Throws InputError naming file, record and byte.
Pickle read_pickle(const PickleSource& source);

// A text of the file as a message can show it: at most 80 characters, none of which does anything to a terminal.
std::string printable(std::string_view text);

}  // namespace posecu
