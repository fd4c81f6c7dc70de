#include "tests/models/pth_bytes.h"

#include "models/pth_zip.h"

namespace posecu {
namespace {

std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xFFU);
  return text;
}

std::string join(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text.append(part);
  return text;
}

}  // namespace

std::string unicode(std::string_view text) { return join({"X", little_endian(text.size(), 4), text}); }

std::string global(std::string_view module, std::string_view name) { return join({"c", module, "\n", name, "\n"}); }

std::string small_int(int value) { return join({"K", little_endian(static_cast<std::uint64_t>(value), 1)}); }

std::string persistent_storage(std::string_view storage_class, std::string_view key, int elements) {
  return join({"(", unicode("storage"), storage_class, unicode(key), unicode("cpu"), small_int(elements), "tQ"});
}

std::string tensor_of(std::string_view storage, int offset, std::string_view shape, std::string_view strides) {
  return join({global("torch._utils", "_rebuild_tensor_v2"), "(", storage, small_int(offset), shape, strides, "\x89",
               global("collections", "OrderedDict"), ")RtR"});
}

std::vector<std::byte> zip_of(const std::vector<std::pair<std::string, std::string>>& records) {
  std::vector<ZipRecord> spans;
  for (const auto& [name, bytes] : records) spans.push_back({name, std::as_bytes(std::span(bytes))});
  std::vector<std::byte> file;
  write_zip_records(spans,
                    [&file](std::span<const std::byte> piece) { file.insert(file.end(), piece.begin(), piece.end()); });
  return file;
}

std::vector<std::byte> zip_around(std::string_view pickle) {
  return zip_of({{"archive/data.pkl", std::string(pickle)},
                 {"archive/data/0", std::string(64, '\1')},
                 {"archive/version", "3\n"}});
}

std::vector<std::byte> legacy_around(std::string_view pickle) {
  using namespace std::string_view_literals;
  return to_bytes(join({"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."sv, "\x80\x02M\xe9\x03."sv,
                        "\x80\x02}", unicode("little_endian"), "\x88s.", pickle, "\x80\x02](", unicode("0"), "e.",
                        little_endian(16, 8), std::string(64, '\1')}));
}

std::vector<std::byte> to_bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

}  // namespace posecu
