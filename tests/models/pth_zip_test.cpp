// Zip files that one program reads in one way and another in another: all refused. And what our own writer makes.
#include "models/pth_zip.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "core/error.h"
#include "tests/models/pth_bytes.h"

namespace posecu {
namespace {

using namespace std::string_view_literals;

// "archive/data.pkl" = an empty dictionary, "archive/data/0", "archive/version".
std::vector<std::byte> good() { return zip_around("\x80\x02}."); }

template <class T>
void put(std::vector<std::byte>& file, std::size_t at, T value) {
  std::memcpy(file.data() + at, &value, sizeof value);
}
template <class T>
T get(const std::vector<std::byte>& file, std::size_t at) {
  T value;
  std::memcpy(&value, file.data() + at, sizeof value);
  return value;
}

std::vector<std::size_t> places_of(const std::vector<std::byte>& file, std::string_view signature) {
  const auto wanted = std::as_bytes(std::span(signature));
  std::vector<std::size_t> places;
  for (auto at = file.begin(); (at = std::search(at, file.end(), wanted.begin(), wanted.end())) != file.end(); ++at)
    places.push_back(static_cast<std::size_t>(at - file.begin()));
  return places;
}
std::size_t local(const std::vector<std::byte>& file, std::size_t i) { return places_of(file, "PK\x03\x04").at(i); }
std::size_t central(const std::vector<std::byte>& file, std::size_t i) { return places_of(file, "PK\x01\x02").at(i); }
std::size_t end_record(const std::vector<std::byte>& file) { return places_of(file, "PK\x05\x06").at(0); }

void insert(std::vector<std::byte>& file, std::size_t at, std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  file.insert(file.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin(), bytes.end());
}

void replace_text(std::vector<std::byte>& file, std::size_t from, std::string_view what, std::string_view with) {
  const auto wanted = std::as_bytes(std::span(what)), bytes = std::as_bytes(std::span(with));
  const auto at =
      std::search(file.begin() + static_cast<std::ptrdiff_t>(from), file.end(), wanted.begin(), wanted.end());
  ASSERT_NE(at, file.end());
  std::copy(bytes.begin(), bytes.end(), at);
}

// Fields of a local header (L) and of the directory's (C).
constexpr std::size_t kFlagsL = 6, kMethodL = 8, kCrcL = 14, kStoredL = 18, kSizeL = 22, kNameBytesL = 26;
constexpr std::size_t kFlagsC = 8, kMethodC = 10, kCrcC = 16, kStoredC = 20, kSizeC = 24, kNameBytesC = 28,
                      kOffsetC = 42;

struct Trick {
  const char* name;
  std::function<void(std::vector<std::byte>&)> apply;
};

using File = std::vector<std::byte>;

// What a record's own header and the directory can disagree about.
void add_disagreements(std::vector<Trick>& all) {
  const auto add = [&all](const char* name, std::function<void(File&)> apply) {
    all.push_back({name, std::move(apply)});
  };
  for (const std::uint16_t flag : std::initializer_list<std::uint16_t>{0x0001, 0x0020, 0x0040, 0x0010, 0x2000}) {
    add("a flag in the record's header only", [flag](File& f) { put(f, local(f, 0) + kFlagsL, flag); });
    add("a flag in both", [flag](File& f) {
      put(f, local(f, 0) + kFlagsL, flag);
      put(f, central(f, 0) + kFlagsC, flag);
    });
  }
  add("encrypted, says the directory", [](File& f) { put<std::uint16_t>(f, central(f, 0) + kFlagsC, 1); });
  for (const std::uint16_t method : std::initializer_list<std::uint16_t>{8, 9, 12, 93, 99}) {
    add("a method in the record's header only", [method](File& f) { put(f, local(f, 0) + kMethodL, method); });
    add("a method in the directory only", [method](File& f) { put(f, central(f, 0) + kMethodC, method); });
  }
  add("sizes announced to follow, but they do not", [](File& f) { put<std::uint16_t>(f, local(f, 0) + kFlagsL, 8); });
  for (const std::size_t field : {kCrcL, kStoredL, kSizeL}) {
    add("another number in the record's header", [field](File& f) { f[local(f, 1) + field] ^= std::byte{1}; });
  }
  for (const std::size_t field : {kCrcC, kStoredC, kSizeC}) {
    add("another number in the directory", [field](File& f) { f[central(f, 1) + field] ^= std::byte{1}; });
  }
  add("a smaller size in both", [](File& f) {
    for (const std::size_t field : {kStoredL, kSizeL}) put<std::uint32_t>(f, local(f, 1) + field, 60);
    for (const std::size_t field : {kStoredC, kSizeC}) put<std::uint32_t>(f, central(f, 1) + field, 60);
  });
  add("a size of 4 GiB", [](File& f) {
    for (const std::size_t field : {kStoredC, kSizeC}) put<std::uint32_t>(f, central(f, 1) + field, 0xFFFFFFFFU);
  });
  add("a changed byte of a record", [](File& f) { f[local(f, 1) + 50] ^= std::byte{0x10}; });
}

// What can stand where no reader looks, or where only some do.
void add_places(std::vector<Trick>& all) {
  const auto add = [&all](const char* name, std::function<void(File&)> apply) {
    all.push_back({name, std::move(apply)});
  };
  add("one record twice in the directory",
      [](File& f) { put(f, central(f, 1) + kOffsetC, get<std::uint32_t>(f, central(f, 0) + kOffsetC)); });
  add("two records of one name", [](File& f) {
    f = zip_of({{"archive/data.pkl", "\x80\x02}."}, {"archive/data/0", "1"}, {"archive/data/1", "2"}});
    replace_text(f, local(f, 2), "data/1", "data/0");
    replace_text(f, central(f, 2), "data/1", "data/0");
  });
  add("another name in the record's header", [](File& f) { replace_text(f, local(f, 0), "data.pkl", "data.pkk"); });
  add("another name in the directory", [](File& f) { replace_text(f, central(f, 0), "data.pkl", "data.pkk"); });
  add("a longer name in the record's header", [](File& f) { put<std::uint16_t>(f, local(f, 0) + kNameBytesL, 20); });
  add("a shorter name in the directory", [](File& f) { put<std::uint16_t>(f, central(f, 0) + kNameBytesC, 15); });
  add("a NUL in a name", [](File& f) { replace_text(f, central(f, 0), "data.pkl", "data.p\0l"sv); });
  add("bytes before the first record", [](File& f) { insert(f, 0, "#!/bin/sh\n"); });
  add("a record that the directory does not know", [](File& f) {
    const std::vector<std::byte> other = zip_of({{"archive/data/9", "pwned"}});
    const std::size_t at = central(f, 0), length = central(other, 0);
    f.insert(f.begin() + static_cast<std::ptrdiff_t>(at), other.begin(),
             other.begin() + static_cast<std::ptrdiff_t>(length));
    put(f, end_record(f) + 16, get<std::uint32_t>(f, end_record(f) + 16) + static_cast<std::uint32_t>(length));
  });
  add("bytes between the records and the directory", [](File& f) {
    insert(f, central(f, 0), "hidden");
    put(f, end_record(f) + 16, get<std::uint32_t>(f, end_record(f) + 16) + 6);
  });
  add("bytes after the end", [](File& f) { insert(f, f.size(), "hidden"); });
  add("fewer entries than there are", [](File& f) {
    put<std::uint16_t>(f, end_record(f) + 8, 2);
    put<std::uint16_t>(f, end_record(f) + 10, 2);
  });
  add("more entries than there are", [](File& f) {
    put<std::uint16_t>(f, end_record(f) + 8, 4);
    put<std::uint16_t>(f, end_record(f) + 10, 4);
  });
  add("a directory that begins elsewhere", [](File& f) { f[end_record(f) + 16] ^= std::byte{4}; });
  add("a directory of another size", [](File& f) { f[end_record(f) + 12] ^= std::byte{4}; });
  add("no end record", [](File& f) { f.resize(end_record(f)); });
  add("a second disk", [](File& f) { put<std::uint16_t>(f, end_record(f) + 4, 1); });
}

void add_contents(std::vector<Trick>& all) {
  const auto add = [&all](const char* name, std::function<void(File&)> apply) {
    all.push_back({name, std::move(apply)});
  };
  add("no folder", [](File& f) { f = zip_of({{"data.pkl", "\x80\x02}."}}); });
  add("two folders", [](File& f) { f = zip_of({{"a/data.pkl", "\x80\x02}."}, {"b/data.pkl", "\x80\x02}."}}); });
  add("a folder within the folder", [](File& f) { f = zip_of({{"a/b/data.pkl", "\x80\x02}."}}); });
  add("a path that leads out", [](File& f) { f = zip_of({{"a/data.pkl", "\x80\x02}."}, {"../a/data/0", "x"}}); });
  add("an absolute path", [](File& f) { f = zip_of({{"a/data.pkl", "\x80\x02}."}, {"/a/data/0", "x"}}); });
  add("a folder with an empty name", [](File& f) { f = zip_of({{"/data.pkl", "\x80\x02}."}}); });
  add("a program", [](File& f) { f = zip_of({{"a/data.pkl", "\x80\x02}."}, {"a/constants.pkl", "\x80\x02}."}}); });
  add("another byte order", [](File& f) { f = zip_of({{"a/data.pkl", "\x80\x02}."}, {"a/byteorder", "big"}}); });
  add("a zip file instead of a pickle", [](File& f) {
    f = zip_of({{"a/data.pkl", std::string(reinterpret_cast<const char*>(good().data()), good().size())}});
  });
}

std::string outcome_of(const std::vector<std::byte>& file) {
  try {
    parse_pth("trick.pth", file);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(PthZipTest, FilesThatCanBeReadInTwoWaysAreRefused) {
  ASSERT_EQ(outcome_of(good()), "accepted");
  std::vector<Trick> all;
  add_disagreements(all);
  add_places(all);
  add_contents(all);
  EXPECT_GE(all.size(), 25U);
  for (const Trick& trick : all) {
    std::vector<std::byte> file = good();
    trick.apply(file);
    const std::string outcome = outcome_of(file);
    EXPECT_TRUE(outcome.starts_with("trick.pth: ") && std::ranges::count(outcome, ':') >= 2)
        << trick.name << ": " << outcome;
  }
}

TEST(PthZipTest, ADirectoryOfBillionsOfRecordsCostsNothing) {
  std::vector<std::byte> file = good();
  const std::size_t at = central(file, 0);
  file.resize(at);
  std::string text = "PK\x06\x06";
  const auto add = [&text](std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xFFU);
  };
  add(44, 8), add(45, 2), add(45, 2), add(0, 8);                            // its size, versions, disks
  add(1ULL << 32, 8), add(1ULL << 32, 8), add(46ULL << 32, 8), add(at, 8);  // entries, the directory
  text += "PK\x06\x07", add(0, 4), add(at, 8), add(1, 4);                   // where that stands
  text += "PK\x05\x06", add(0, 4), add(0xFFFF, 2), add(0xFFFF, 2), add(0xFFFFFFFF, 4), add(0xFFFFFFFF, 4), add(0, 2);
  insert(file, at, text);
  EXPECT_NE(outcome_of(file), "accepted");
}

TEST(PthZipTest, EqualRecordsGiveEqualFilesWithoutTimes) {
  EXPECT_EQ(good(), good());
  EXPECT_EQ(get<std::uint32_t>(good(), 10), 0x00210000U);  // 1 January 1980, midnight
}

TEST(PthZipTest, RecordsGoThroughAFile) {
  const std::vector<std::byte> file =
      zip_of({{"a/data.pkl", "pickle"}, {"a/data/0", ""}, {"a/data/1", std::string(70000, 'x')}});
  const ZipRecords records = read_zip_records("f", file);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records.at("data.pkl"), to_bytes("pickle"));
  EXPECT_TRUE(records.at("data/0").empty());
  EXPECT_EQ(records.at("data/1").size(), 70000U);
}

}  // namespace
}  // namespace posecu
