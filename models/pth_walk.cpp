#include "models/pth_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "core/checked_size.h"
#include "core/error.h"

namespace posecu {
namespace {

constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxVisits = std::size_t{1} << 17, kMaxPath = 1024, kMaxTexts = std::size_t{16} << 20;
constexpr std::size_t kSpareBytes = std::size_t{16} << 20;

// Whether the elements lie in C order without gaps; strides of axes of size 1 say nothing.
bool is_contiguous(const PickleTensor& tensor) {
  if (std::ranges::find(tensor.shape, 0) != tensor.shape.end()) return true;
  std::uint64_t expected = 1;
  for (std::size_t axis = tensor.shape.size(); axis-- > 0;) {
    if (tensor.shape[axis] != 1 && static_cast<std::uint64_t>(tensor.strides[axis]) != expected) return false;
    expected *= static_cast<std::uint64_t>(tensor.shape[axis]);
  }
  return true;
}

// Decimal digits of a little-endian number in two's complement.
std::string decimal(std::string_view bytes) {
  std::vector<std::uint32_t> limbs;  // magnitude, base 10^9, least significant first
  const bool negative = !bytes.empty() && (bytes.back() & 0x80) != 0;
  std::uint32_t carry_one = negative ? 1 : 0;
  std::string magnitude(bytes);
  for (char& c : magnitude) {
    if (!negative) break;
    const std::uint32_t inverted = (static_cast<unsigned char>(c) ^ 0xFFU) + carry_one;
    c = static_cast<char>(inverted & 0xFFU);
    carry_one = inverted >> 8;
  }
  for (std::size_t i = magnitude.size(); i-- > 0;) {
    std::uint64_t carry = static_cast<unsigned char>(magnitude[i]);
    for (std::uint32_t& limb : limbs) {
      carry += std::uint64_t{limb} << 8;
      limb = static_cast<std::uint32_t>(carry % 1000000000);
      carry /= 1000000000;
    }
    if (carry > 0) limbs.push_back(static_cast<std::uint32_t>(carry));
  }
  std::string digits = limbs.empty() ? "0" : fmt::format("{}", limbs.back());
  for (std::size_t i = limbs.empty() ? 0 : limbs.size() - 1; i-- > 0;) digits += fmt::format("{:09}", limbs[i]);
  return negative ? "-" + digits : digits;
}

class Walker {
 public:
  Walker(const PthPlace& place, const Pickle& pickle, std::span<const std::span<const std::byte>> storages,
         std::size_t budget)
      : place_(place), pickle_(pickle), storages_(storages), budget_(budget + kSpareBytes) {}

  void walk() { visit(pickle_.root, "", 0); }

  std::vector<StoredTensor> tensors;
  std::vector<PthScalar> scalars;
  std::vector<std::vector<std::byte>> copies;

 private:
  [[noreturn]] void refuse(std::string_view path, std::string_view problem) const {
    const std::string record = place_.record.empty() ? "value" : place_.record + ", value";
    throw InputError(place_.file, fmt::format("{} {}", record, path.empty() ? "(whole)" : printable(path)), problem);
  }

  void visit(std::uint32_t index, const std::string& path, int depth) {
    const PickleValue& value = pickle_.at(index);
    if (++visits_ > kMaxVisits)
      refuse(path, fmt::format("more than {} values, counting shared ones where they stand", kMaxVisits));
    if (depth > kMaxDepth) refuse(path, fmt::format("nested more than {} deep, or within itself", kMaxDepth));
    texts_ += path.size() + value.text.size();
    if (path.size() > kMaxPath || texts_ > kMaxTexts) refuse(path, "its names and texts are too long");
    switch (value.kind) {
      case PickleKind::tuple:
      case PickleKind::list:
        for (std::size_t i = 0; i < value.items.size(); ++i)
          visit(value.items[i], join(path, fmt::format("{}", i)), depth + 1);
        return;
      case PickleKind::dict:
      case PickleKind::ordered_dict:
        visit_items(value, path, depth);
        return;
      case PickleKind::tensor:
        add_tensor(pickle_.tensors[static_cast<std::size_t>(value.integer)], path);
        return;
      case PickleKind::name:
      case PickleKind::storage:
        refuse(path, "a class or a storage where a tensor or a plain value belongs");
      default:
        scalars.push_back({path, scalar(value)});
    }
  }

  static std::string join(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : fmt::format("{}/{}", path, key);
  }

  void visit_items(const PickleValue& dict, const std::string& path, int depth) {
    std::set<std::string> keys;
    for (std::size_t i = 0; i < dict.items.size(); i += 2) {
      const PickleValue& value = pickle_.at(dict.items[i]);
      const std::string key =
          value.kind == PickleKind::text ? std::string(value.text) : fmt::format("{}", value.integer);
      if (std::ranges::any_of(key, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; })) {
        refuse(path, fmt::format("a key with control characters: {}", printable(key)));
      }
      if (key.size() > kMaxPath) refuse(path, "its names and texts are too long");
      if (!keys.insert(key).second) refuse(path, fmt::format("the key {} stands there twice", printable(key)));
      visit(dict.items[i + 1], join(path, key), depth + 1);
    }
  }

  static decltype(PthScalar::value) scalar(const PickleValue& value) {
    switch (value.kind) {
      case PickleKind::boolean:
        return value.integer != 0;
      case PickleKind::integer:
        return value.integer;
      case PickleKind::big_integer:
        return BigInteger{decimal(value.text)};
      case PickleKind::real:
        return value.real;
      case PickleKind::text:
        return std::string(value.text);
      default:
        return std::monostate{};
    }
  }

  void add_tensor(const PickleTensor& tensor, const std::string& path) {
    if (tensors.size() == kMaxTensors) refuse(path, fmt::format("more than {} tensors", kMaxTensors));
    const DataType type = pickle_.storages[tensor.storage].type;
    // Both factors were checked when the tensor was made, but an expanded one can be larger than any file.
    const auto bytes = checked_multiply(checked_elements(tensor.shape).value_or(0), bytes_of(type));
    const std::span<const std::byte> storage = storages_[tensor.storage];
    if (bytes && is_contiguous(tensor)) {
      tensors.push_back({path, type, tensor.shape, storage.subspan(tensor.offset * bytes_of(type), *bytes)});
      return;
    }
    if (!bytes || *bytes > budget_) {
      refuse(path, fmt::format("a view of shape [{}]: as a tensor it would be larger than the file allows",
                               fmt::join(tensor.shape, ",")));
    }
    budget_ -= *bytes;
    copies.emplace_back(*bytes);
    copy_view(copies.back(), tensor, storage, bytes_of(type));
    tensors.push_back({path, type, tensor.shape, copies.back()});
  }

  // Elements in C order, their place counted up axis by axis.
  static void copy_view(std::vector<std::byte>& to, const PickleTensor& tensor, std::span<const std::byte> from,
                        std::size_t width) {
    std::vector<std::int64_t> at(tensor.shape.size(), 0);
    std::uint64_t element = tensor.offset;
    for (std::size_t done = 0; done < to.size(); done += width) {
      std::memcpy(to.data() + done, from.data() + element * width, width);
      for (std::size_t axis = at.size(); axis-- > 0;) {
        element += static_cast<std::uint64_t>(tensor.strides[axis]);
        if (++at[axis] < tensor.shape[axis]) break;
        element -= static_cast<std::uint64_t>(tensor.strides[axis]) * static_cast<std::uint64_t>(tensor.shape[axis]);
        at[axis] = 0;
      }
    }
  }

  const PthPlace& place_;
  const Pickle& pickle_;
  std::span<const std::span<const std::byte>> storages_;
  std::size_t budget_, visits_ = 0, texts_ = 0;
};

}  // namespace

PthFile collect(const PthPlace& place, const Pickle& pickle, std::vector<std::vector<std::byte>> storage,
                std::span<const std::span<const std::byte>> storages, std::size_t budget, PthFormat format) {
  Walker walker(place, pickle, storages, budget);
  walker.walk();
  for (std::vector<std::byte>& copy : walker.copies) storage.push_back(std::move(copy));
  return {Safetensors(place.file, std::move(storage), std::move(walker.tensors), {}), std::move(walker.scalars),
          format};
}

}  // namespace posecu
