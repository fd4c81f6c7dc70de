#include "models/pth_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "models/pth_pickle.h"

namespace posecu {
namespace {

constexpr std::array<PthName, 14> kNames{{
    {"collections", "OrderedDict", PthMeaning::ordered_dict},
    {"collections", "Counter", PthMeaning::counter},
    {"torch._utils", "_rebuild_tensor_v2", PthMeaning::tensor},
    {"torch._utils", "_rebuild_parameter", PthMeaning::parameter},
    {"torch", "DoubleStorage", PthMeaning::storage, DataType::f64},
    {"torch", "FloatStorage", PthMeaning::storage, DataType::f32},
    {"torch", "HalfStorage", PthMeaning::storage, DataType::f16},
    {"torch", "BFloat16Storage", PthMeaning::storage, DataType::bf16},
    {"torch", "LongStorage", PthMeaning::storage, DataType::i64},
    {"torch", "IntStorage", PthMeaning::storage, DataType::i32},
    {"torch", "ShortStorage", PthMeaning::storage, DataType::i16},
    {"torch", "CharStorage", PthMeaning::storage, DataType::i8},
    {"torch", "ByteStorage", PthMeaning::storage, DataType::u8},
    {"torch", "BoolStorage", PthMeaning::storage, DataType::boolean},
}};

using Opcode = std::pair<unsigned char, std::string_view>;
constexpr auto kOpcodes = std::to_array<Opcode>({
    {'(', "MARK"},
    {'.', "STOP"},
    {'0', "POP"},
    {'1', "POP_MARK"},
    {'2', "DUP"},
    {'F', "FLOAT"},
    {'I', "INT"},
    {'J', "BININT"},
    {'K', "BININT1"},
    {'L', "LONG"},
    {'M', "BININT2"},
    {'N', "NONE"},
    {'P', "PERSID"},
    {'Q', "BINPERSID"},
    {'R', "REDUCE"},
    {'S', "STRING"},
    {'T', "BINSTRING"},
    {'U', "SHORT_BINSTRING"},
    {'V', "UNICODE"},
    {'X', "BINUNICODE"},
    {'a', "APPEND"},
    {'b', "BUILD"},
    {'c', "GLOBAL"},
    {'d', "DICT"},
    {'}', "EMPTY_DICT"},
    {'e', "APPENDS"},
    {'g', "GET"},
    {'h', "BINGET"},
    {'i', "INST"},
    {'j', "LONG_BINGET"},
    {'l', "LIST"},
    {']', "EMPTY_LIST"},
    {'o', "OBJ"},
    {'p', "PUT"},
    {'q', "BINPUT"},
    {'r', "LONG_BINPUT"},
    {'s', "SETITEM"},
    {'t', "TUPLE"},
    {')', "EMPTY_TUPLE"},
    {'u', "SETITEMS"},
    {'G', "BINFLOAT"},
    {0x80, "PROTO"},
    {0x81, "NEWOBJ"},
    {0x82, "EXT1"},
    {0x83, "EXT2"},
    {0x84, "EXT4"},
    {0x85, "TUPLE1"},
    {0x86, "TUPLE2"},
    {0x87, "TUPLE3"},
    {0x88, "NEWTRUE"},
    {0x89, "NEWFALSE"},
    {0x8A, "LONG1"},
    {0x8B, "LONG4"},
    {'B', "BINBYTES"},
    {'C', "SHORT_BINBYTES"},
    {0x8C, "SHORT_BINUNICODE"},
    {0x8D, "BINUNICODE8"},
    {0x8E, "BINBYTES8"},
    {0x8F, "EMPTY_SET"},
    {0x90, "ADDITEMS"},
    {0x91, "FROZENSET"},
    {0x92, "NEWOBJ_EX"},
    {0x93, "STACK_GLOBAL"},
    {0x94, "MEMOIZE"},
    {0x95, "FRAME"},
    {0x96, "BYTEARRAY8"},
    {0x97, "NEXT_BUFFER"},
    {0x98, "READONLY_BUFFER"},
});

// Of a character that begins with `first`: its length and the smallest code point that may be written so; {0, 0}: none
// begins with it.
std::pair<std::size_t, std::uint32_t> length_of(unsigned char first) {
  if (first < 0x80) return {1, 0};
  if (first >= 0xC2 && first < 0xE0) return {2, 0x80};
  if (first >= 0xE0 && first < 0xF0) return {3, 0x800};
  if (first >= 0xF0 && first < 0xF5) return {4, 0x10000};
  return {0, 0};
}

}  // namespace

std::span<const PthName> pth_names() { return kNames; }

std::optional<std::size_t> pth_name_index(std::string_view module, std::string_view name) {
  const auto* const found =
      std::ranges::find_if(kNames, [&](const PthName& n) { return n.module == module && n.name == name; });
  return found == kNames.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - kNames.begin()));
}

std::string_view opcode_name(unsigned char opcode) {
  const auto* const found = std::ranges::find(kOpcodes, opcode, &Opcode::first);
  return found == kOpcodes.end() ? "unknown" : found->second;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const auto [length, smallest] = length_of(first);
    if (length == 0 || length > text.size() - i) return false;
    std::uint32_t point = length == 1 ? first : first & (0xFFU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0U) != 0x80U) return false;
      point = (point << 6) | (next & 0x3FU);
    }
    const bool surrogate = point >= 0xD800 && point < 0xE000;
    if (point < smallest || point > 0x10FFFF || surrogate) return false;
    i += length;
  }
  return true;
}

std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, 80)) result += c >= ' ' && c <= '~' ? c : '?';
  return text.size() > 80 ? result + "..." : result;
}

}  // namespace posecu
