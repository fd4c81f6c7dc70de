// The writing half of models/pth.h.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "models/pth.h"
#include "models/pth_names.h"
#include "models/pth_zip.h"

namespace posecu {
namespace {

constexpr std::string_view kRoot = "archive/", kVersion = "3\n", kByteOrder = "little";

// Opcodes of protocol 2, without a memo: what stands there twice is written twice.
class PickleWriter {
 public:
  void op(std::string_view bytes) { bytes_ += bytes; }
  void name(std::string_view module, std::string_view name) { bytes_ += fmt::format("c{}\n{}\n", module, name); }
  void ordered_dict() {
    name("collections", "OrderedDict");
    op(")R");
  }
  void text(std::string_view text) {
    op("X");
    put(static_cast<std::uint32_t>(text.size()), 4);
    op(text);
  }
  void integer(std::uint64_t value) {
    const bool small = value < std::uint64_t{1} << 31;
    op(small ? "J" : "\x8a\x08");  // BININT, or LONG1 of eight bytes
    put(value, small ? 4 : 8);
  }
  void tuple(const std::vector<std::uint64_t>& values) {
    op("(");
    for (const std::uint64_t value : values) integer(value);
    op("t");
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void put(std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) bytes_ += static_cast<char>((value >> (8 * i)) & 0xFFU);
  }
  std::string bytes_;
};

std::string_view storage_of(DataType type) {
  const auto names = pth_names();
  const auto found = std::ranges::find_if(
      names, [type](const PthName& name) { return name.meaning == PthMeaning::storage && name.type == type; });
  require(found != names.end(), "a type without a storage");
  return found->name;
}

void write_tensor(PickleWriter& pickle, const StoredTensor& tensor, std::size_t key) {
  std::vector<std::uint64_t> shape, strides(tensor.shape.size());
  for (const std::int64_t size : tensor.shape) shape.push_back(static_cast<std::uint64_t>(size));
  std::uint64_t stride = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= std::max<std::uint64_t>(shape[axis], 1);  // as PyTorch has it for empty tensors
  }
  pickle.text(tensor.name);
  pickle.name("torch._utils", "_rebuild_tensor_v2");
  pickle.op("((");
  pickle.text("storage");
  pickle.name("torch", storage_of(tensor.type));
  pickle.text(fmt::format("{}", key));
  pickle.text("cpu");
  pickle.integer(tensor.elements());
  pickle.op("tQ");
  pickle.integer(0);
  pickle.tuple(shape);
  pickle.tuple(strides);
  pickle.op("\x89");  // requires_grad: False
  pickle.ordered_dict();
  pickle.op("tR");
}

}  // namespace

void write_pth(const std::string& path, std::span<const StoredTensor> tensors) {
  PickleWriter pickle;
  pickle.op("\x80\x02");
  pickle.ordered_dict();
  pickle.op("(");
  for (std::size_t i = 0; i < tensors.size(); ++i) write_tensor(pickle, tensors[i], i);
  pickle.op("u.");

  const auto bytes_of_text = [](std::string_view text) { return std::as_bytes(std::span(text)); };
  std::vector<ZipRecord> records{{fmt::format("{}data.pkl", kRoot), bytes_of_text(pickle.bytes())},
                                 {fmt::format("{}byteorder", kRoot), bytes_of_text(kByteOrder)}};
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    records.push_back({fmt::format("{}data/{}", kRoot, i), tensors[i].bytes});
  }
  records.push_back({fmt::format("{}version", kRoot), bytes_of_text(kVersion)});
  AtomicFile file(path);
  write_zip_records(records, [&file](std::span<const std::byte> piece) { file.write(piece); });
  file.commit();
}

}  // namespace posecu
