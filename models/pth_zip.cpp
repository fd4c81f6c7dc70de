#include "models/pth_zip.h"

#include <fmt/format.h>
#include <zip.h>

#include <array>
#include <cstring>
#include <memory>
#include <set>

#include "core/checked_size.h"
#include "core/error.h"
#include "models/pth_pickle.h"

namespace posecu {
namespace {

constexpr zip_int64_t kMaxRecords = 1 << 16;
constexpr std::string_view kPickle = "data.pkl";

// One record's header in front of its bytes (APPNOTE 4.3.7), and what may follow them (4.3.9).
struct [[gnu::packed]] LocalHeader {
  std::uint32_t signature;
  std::uint16_t version, flags, method, time, date;
  std::uint32_t crc, stored_bytes, bytes;
  std::uint16_t name_bytes, extra_bytes;
};
struct [[gnu::packed]] Descriptor {
  std::uint32_t signature, crc;
};
constexpr std::uint32_t kLocal = 0x04034b50, kDescriptor = 0x08074b50, kCentral = 0x02014b50;
constexpr std::uint16_t kSizesFollow = 0x0008, kNamesAreUtf8 = 0x0800;
constexpr std::uint16_t kFirstDay = 0x21;       // 1 January 1980: files do not say when they were made
constexpr std::uint32_t kInExtra = 0xFFFFFFFF;  // zip64: the size stands elsewhere

struct ZipCloser {
  void operator()(zip_t* zip) const { zip_discard(zip); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Zip = std::unique_ptr<zip_t, ZipCloser>;

std::string message_of(zip_error_t* error) {
  std::string message = zip_error_strerror(error);
  zip_error_fini(error);
  return message;
}

Zip open_zip(const std::string& file, std::span<const std::byte> contents) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(contents.data(), contents.size(), 0, &error);
  zip_t* zip = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (zip == nullptr) {
    if (source != nullptr) zip_source_free(source);
    throw InputError(file, "zip directory",
                     fmt::format("not a zip file, or cut off or damaged: {}", message_of(&error)));
  }
  return Zip(zip);
}

// What the directory says of a record.
struct Entry {
  zip_uint64_t index, bytes;
  std::uint32_t crc;
};

class Records {
 public:
  Records(const std::string& file, std::span<const std::byte> contents)
      : file_(file), contents_(contents), zip_(open_zip(file, contents)) {
    const zip_int64_t count = zip_get_num_entries(zip_.get(), 0);
    if (count > kMaxRecords) throw InputError(file_, "zip directory", fmt::format("more than {} records", kMaxRecords));
    for (zip_int64_t i = 0; i < count; ++i) add_entry(static_cast<zip_uint64_t>(i));
    find_root();
    walk();
  }

  ZipRecords read() {
    ZipRecords records;
    for (const auto& [name, entry] : entries_) records.emplace(name.substr(root_.size()), read_one(name, entry));
    return records;
  }

 private:
  [[noreturn]] void refuse(std::string_view record, std::string_view problem) const {
    throw InputError(file_, fmt::format("zip record {}", printable(record)), problem);
  }

  void add_entry(zip_uint64_t index) {
    zip_stat_t status;
    if (zip_stat_index(zip_.get(), index, ZIP_FL_ENC_RAW, &status) != 0 || status.name == nullptr) {
      throw InputError(file_, "zip directory", fmt::format("record {} cannot be read", index));
    }
    const std::string name = status.name;
    if (status.encryption_method != ZIP_EM_NONE) refuse(name, "encrypted");
    if (status.comp_method != ZIP_CM_STORE) refuse(name, "compressed: PyTorch stores its records as they are");
    if (status.comp_size != status.size) refuse(name, "stored in another number of bytes than it has");
    if (!entries_.emplace(name, Entry{index, status.size, status.crc}).second)
      refuse(name, "the name stands there twice");
  }

  // The folder of data.pkl is that of all records.
  void find_root() {
    for (const auto& [name, entry] : entries_) {
      const std::size_t slash = name.find('/');
      if (slash != std::string::npos && name.substr(slash + 1) == kPickle && root_.empty())
        root_ = name.substr(0, slash + 1);
    }
    if (root_.size() < 2) throw InputError(file_, "zip directory", "no record FOLDER/data.pkl: no file of PyTorch's");
    for (const auto& [name, entry] : entries_) {
      if (!name.starts_with(root_)) refuse(name, fmt::format("not in the folder {} of the others", printable(root_)));
    }
    if (entries_.contains(root_ + "constants.pkl"))
      refuse("constants.pkl", "this is a program (TorchScript), no weights");
  }

  // Follows the records through the file, and compares what stands beside each with the directory.
  void walk() {
    std::set<std::string, std::less<>> seen;
    std::uint64_t at = 0;
    while (seen.size() < entries_.size()) {
      const auto header = read_struct<LocalHeader>(at);
      if (header.signature != kLocal) refuse_place(at, "expected a record");
      at += sizeof header;
      const std::string_view name = text(at, header.name_bytes);
      at += std::uint64_t{header.name_bytes} + header.extra_bytes;
      const auto entry = entries_.find(name);
      if (entry == entries_.end()) refuse(name, "not in the directory");
      if (!seen.insert(std::string(name)).second) refuse(name, "stands there twice");
      check_header(name, header, entry->second);
      if (!range_fits(at, entry->second.bytes, contents_.size())) refuse(name, "reaches beyond the file's end");
      at += entry->second.bytes;
      if ((header.flags & kSizesFollow) != 0) at += descriptor_bytes(name, at, entry->second);
    }
    if (read_struct<std::uint32_t>(at) != kCentral)
      refuse_place(at, "expected the directory: bytes that belong to no record");
  }

  void check_header(std::string_view name, const LocalHeader& header, const Entry& entry) const {
    if ((header.flags & ~(kSizesFollow | kNamesAreUtf8)) != 0) {
      refuse(name, fmt::format("flags 0x{:04x}: encrypted, or stored in a way PyTorch does not use", header.flags));
    }
    if (header.method != ZIP_CM_STORE) refuse(name, "compressed: PyTorch stores its records as they are");
    const bool follows = (header.flags & kSizesFollow) != 0;
    const auto same = [&](std::uint32_t found, std::uint64_t stated) {
      return found == stated || (follows && found == 0) || (found == kInExtra && stated >= kInExtra);
    };
    const bool crc_same = header.crc == entry.crc || (follows && header.crc == 0);
    if (!crc_same || !same(header.bytes, entry.bytes) || !same(header.stored_bytes, entry.bytes)) {
      refuse(name, "its own header and the directory disagree about its size or checksum");
    }
  }

  // Of the repetition of checksum and sizes after a record's bytes, with sizes of four or eight bytes.
  std::uint64_t descriptor_bytes(std::string_view name, std::uint64_t at, const Entry& entry) const {
    const auto head = read_struct<Descriptor>(at);
    at += sizeof head;
    const auto small = read_struct<std::array<std::uint32_t, 2>>(at);
    const bool agrees = head.signature == kDescriptor && head.crc == entry.crc;
    if (agrees && small[0] == entry.bytes && small[1] == entry.bytes) return sizeof head + sizeof small;
    const auto large = read_struct<std::array<std::uint64_t, 2>>(at);
    if (agrees && large[0] == entry.bytes && large[1] == entry.bytes) return sizeof head + sizeof large;
    refuse(name, "what follows it and the directory disagree about its size or checksum");
  }

  std::vector<std::byte> read_one(const std::string& name, const Entry& entry) {
    std::vector<std::byte> bytes(entry.bytes);
    const std::unique_ptr<zip_file_t, ZipCloser> file(zip_fopen_index(zip_.get(), entry.index, 0));
    if (file == nullptr) refuse(name, message_of(zip_get_error(zip_.get())));
    std::size_t done = 0;
    zip_int64_t n = 1;
    while (n > 0) {  // one read beyond the end: there libzip compares the checksum
      std::byte beyond{};
      n = done < bytes.size() ? zip_fread(file.get(), bytes.data() + done, bytes.size() - done)
                              : zip_fread(file.get(), &beyond, 1);
      if (n < 0) refuse(name, fmt::format("damaged: {}", zip_error_strerror(zip_file_get_error(file.get()))));
      done += static_cast<std::size_t>(n);
    }
    if (done != bytes.size()) refuse(name, "its size is not the one that the directory states");
    return bytes;
  }

  template <class T>
  T read_struct(std::uint64_t at) const {
    if (!range_fits(at, sizeof(T), contents_.size())) refuse_place(at, "the file ends here");
    T value;
    std::memcpy(&value, contents_.data() + at, sizeof(T));
    return value;
  }
  std::string_view text(std::uint64_t at, std::size_t count) const {
    if (!range_fits(at, count, contents_.size())) refuse_place(at, "the file ends here");
    return {reinterpret_cast<const char*>(contents_.data()) + at, count};
  }
  [[noreturn]] void refuse_place(std::uint64_t at, std::string_view problem) const {
    throw InputError(file_, fmt::format("byte {}", at), problem);
  }

  const std::string& file_;
  std::span<const std::byte> contents_;
  Zip zip_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::string root_;  // with its slash
};

}  // namespace

ZipRecords read_zip_records(const std::string& file, std::span<const std::byte> contents) {
  return Records(file, contents).read();
}

void write_zip_records(std::span<const ZipRecord> records,
                       const std::function<void(std::span<const std::byte>)>& sink) {
  zip_error_t error;
  zip_error_init(&error);
  const auto need = [&](bool done) {
    if (!done) throw MachineError(fmt::format("cannot write a zip file: {}", message_of(&error)));
  };
  const std::unique_ptr<zip_source_t, ZipCloser> memory(zip_source_buffer_create(nullptr, 0, 0, &error));
  need(memory != nullptr);
  zip_source_keep(memory.get());  // the zip below gives up one hold on it, `memory` the other
  Zip zip(zip_open_from_source(memory.get(), ZIP_CREATE | ZIP_TRUNCATE, &error));
  need(zip != nullptr);
  for (const ZipRecord& record : records) {
    zip_source_t* source = zip_source_buffer_create(record.bytes.data(), record.bytes.size(), 0, &error);
    need(source != nullptr);
    const zip_int64_t index = zip_file_add(zip.get(), record.name.c_str(), source, ZIP_FL_ENC_UTF_8);
    require(index >= 0, "a record could not be added to a zip file");
    const auto place = static_cast<zip_uint64_t>(index);
    zip_set_file_compression(zip.get(), place, ZIP_CM_STORE, 0);
    zip_file_set_dostime(zip.get(), place, 0, kFirstDay, 0);
  }
  zip_t* const closed = zip.release();
  if (zip_close(closed) != 0) {
    const std::string message = zip_strerror(closed);
    zip_discard(closed);
    throw MachineError(fmt::format("cannot write a zip file: {}", message));
  }
  need(zip_source_open(memory.get()) == 0);
  std::vector<std::byte> piece(std::size_t{1} << 20);
  for (zip_int64_t n = 1; n > 0;) {
    n = zip_source_read(memory.get(), piece.data(), piece.size());
    require(n >= 0, "a zip file in memory could not be read");
    sink(std::span(piece).first(static_cast<std::size_t>(n)));
  }
  zip_source_close(memory.get());
}

}  // namespace posecu
