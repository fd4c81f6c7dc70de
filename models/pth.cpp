#include "models/pth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "core/checked_size.h"
#include "core/error.h"
#include "models/pth_pickle.h"
#include "models/pth_walk.h"
#include "models/pth_zip.h"

namespace posecu {
namespace {

constexpr std::string_view kZipStart = "PK\x03\x04";
// The first pickle of a legacy file: PROTO 2, LONG1 of ten bytes, 0x1950a86a20f9469cfc6c, STOP.
constexpr std::string_view kLegacyStart = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
constexpr std::int64_t kLegacyVersion = 1001;
constexpr std::size_t kTarMagicAt = 257;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint64_t storage_bytes(const PthPlace& place, const PickleStorage& storage) {
  const auto bytes = checked_multiply(storage.elements, bytes_of(storage.type));
  if (!bytes) throw InputError(place.file, fmt::format("storage {}", storage.key), "its size is too large");
  return *bytes;
}

PthFile parse_zip(const std::string& path, std::vector<std::byte> contents) {
  ZipRecords records = read_zip_records(path, contents);
  const std::size_t budget = contents.size();
  contents = {};
  if (const auto order = records.find("byteorder"); order != records.end() && text_of(order->second) != "little") {
    throw InputError(path, "zip record byteorder", "written on a machine of another byte order");
  }
  const std::vector<std::byte>& pickled = records.at("data.pkl");
  const PthPlace place{path, "data.pkl"};
  const Pickle pickle = read_pickle({path, place.record, pickled, 0});
  if (pickle.end != pickled.size()) {
    throw InputError(path, fmt::format("data.pkl, byte {}", pickle.end), "bytes after the pickle's end");
  }
  std::vector<std::vector<std::byte>> storage;
  std::vector<std::span<const std::byte>> spans;
  for (const PickleStorage& stated : pickle.storages) {
    const std::string name = fmt::format("data/{}", stated.key);
    const auto record = records.find(name);
    const std::uint64_t bytes = storage_bytes(place, stated);
    if (record == records.end()) throw InputError(path, fmt::format("zip record {}", name), "missing");
    if (record->second.size() != bytes) {
      throw InputError(path, fmt::format("zip record {}", name),
                       fmt::format("expected {} bytes, found {}", bytes, record->second.size()));
    }
    spans.emplace_back(storage.emplace_back(std::move(record->second)));
  }
  return collect(place, pickle, std::move(storage), spans, budget, PthFormat::zip);
}

// After the pickles: for each storage, in the order of the list, an int64 number of elements and the elements.
class LegacyReader {
 public:
  LegacyReader(const std::string& path, std::vector<std::byte> contents)
      : place_{path, ""}, contents_(std::move(contents)) {}

  PthFile read() {
    at_ = kLegacyStart.size();
    const Pickle version = next_pickle();
    const PickleValue& number = version.at(version.root);
    if (number.kind != PickleKind::integer || number.integer != kLegacyVersion)
      refuse("expected protocol version 1001");
    check_system(next_pickle());
    const Pickle pickle = next_pickle();
    const Pickle keys = next_pickle();
    std::vector<std::span<const std::byte>> spans = storages(pickle, keys);
    if (at_ != contents_.size()) refuse("bytes after the last storage");
    std::vector<std::vector<std::byte>> storage;
    const std::size_t budget = contents_.size();
    storage.push_back(std::move(contents_));
    return collect(place_, pickle, std::move(storage), spans, budget, PthFormat::legacy);
  }

 private:
  [[noreturn]] void refuse(std::string_view problem) const {
    throw InputError(place_.file, fmt::format("byte {}", at_), problem);
  }

  Pickle next_pickle() {
    Pickle pickle = read_pickle({place_.file, "", contents_, at_});
    at_ = pickle.end;
    return pickle;
  }

  void check_system(const Pickle& pickle) const {
    const PickleValue& system = pickle.at(pickle.root);
    if (system.kind != PickleKind::dict) refuse("expected a dictionary of the system");
    for (std::size_t i = 0; i < system.items.size(); i += 2) {
      const PickleValue& value = pickle.at(system.items[i + 1]);
      if (pickle.at(system.items[i]).text == "little_endian" &&
          (value.kind != PickleKind::boolean || value.integer == 0)) {
        refuse("written on a machine of another byte order");
      }
    }
  }

  std::vector<std::span<const std::byte>> storages(const Pickle& pickle, const Pickle& keys) {
    const PickleValue& list = keys.at(keys.root);
    if (list.kind != PickleKind::list) refuse("expected the list of storages");
    std::map<std::string_view, std::size_t> index;
    for (std::size_t i = 0; i < pickle.storages.size(); ++i) index.emplace(pickle.storages[i].key, i);
    std::vector<std::span<const std::byte>> spans(pickle.storages.size());
    if (list.items.size() != spans.size()) {
      refuse(fmt::format("the tensors need {} storages, the list has {}", spans.size(), list.items.size()));
    }
    for (const std::uint32_t item : list.items) {
      const auto found = index.find(keys.at(item).text);
      if (keys.at(item).kind != PickleKind::text || found == index.end()) {
        refuse(
            fmt::format("the list names a storage {} that no tensor needs, or twice", printable(keys.at(item).text)));
      }
      spans[found->second] = next_storage(pickle.storages[found->second]);
      index.erase(found);
    }
    return spans;
  }

  std::span<const std::byte> next_storage(const PickleStorage& stated) {
    std::int64_t elements = 0;
    if (!range_fits(at_, sizeof elements, contents_.size())) refuse(fmt::format("storage {} is missing", stated.key));
    std::memcpy(&elements, contents_.data() + at_, sizeof elements);
    if (elements < 0 || static_cast<std::uint64_t>(elements) != stated.elements) {
      refuse(fmt::format("storage {}: expected {} elements, found {}", stated.key, stated.elements, elements));
    }
    at_ += sizeof elements;
    const std::uint64_t bytes = storage_bytes(place_, stated);
    if (!range_fits(at_, bytes, contents_.size())) {
      refuse(
          fmt::format("storage {} needs {} bytes, the file ends after {}", stated.key, bytes, contents_.size() - at_));
    }
    const auto span = std::span<const std::byte>(contents_).subspan(at_, bytes);
    at_ += bytes;
    return span;
  }

  PthPlace place_;
  std::vector<std::byte> contents_;
  std::size_t at_ = 0;
};

}  // namespace

bool looks_like_pth(std::span<const std::byte> contents) {
  const std::string_view text = text_of(contents);
  return text.starts_with(kZipStart) || text.starts_with(kLegacyStart);
}

PthFile parse_pth(const std::string& path, std::vector<std::byte> contents) {
  const std::string_view text = text_of(contents);
  if (text.starts_with(kZipStart)) return parse_zip(path, std::move(contents));
  if (text.starts_with(kLegacyStart)) return LegacyReader(path, std::move(contents)).read();
  const bool tar = text.size() > kTarMagicAt + 5 && text.substr(kTarMagicAt, 5) == "ustar";
  throw InputError(
      path, "byte 0",
      tar ? "a tar archive: files of PyTorch before version 0.1.10 are not read"
          : "not a file that torch.save wrote: it begins neither as a zip file nor with torch's magic number");
}

}  // namespace posecu
