// Weights files cut off at every byte, damaged thousands of times, and stating sizes that they do not have.
#include "tests/models/damage.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "core/file.h"
#include "models/weights_file.h"
#include "tests/models/pth_bytes.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

// Everything that a reader gives: tensors, their bytes, plain values.
std::string content_of(const PthFile& file) {
  std::string content = content_checksum(file.tensors.tensors(), {});
  for (const PthScalar& scalar : file.scalars) {
    content += '\n' + scalar.path + ' ' + std::to_string(scalar.value.index());
    if (const auto* text = std::get_if<std::string>(&scalar.value)) content += *text;
    if (const auto* integer = std::get_if<std::int64_t>(&scalar.value)) content += std::to_string(*integer);
    if (const auto* real = std::get_if<double>(&scalar.value)) content += std::to_string(*real);
    if (const auto* big = std::get_if<BigInteger>(&scalar.value)) content += big->digits;
  }
  return content;
}

// Of a safetensors file that carries its checksum, as all of ours do.
std::string content_of(const Safetensors& file) {
  verify_checksum(file);
  const auto config = file.metadata().find("config");  // damage may hit the checksum's own name: then this still holds
  return content_checksum(file.tensors(), {}) + (config == file.metadata().end() ? "" : config->second);
}

struct Outcome {
  bool accepted;
  std::string text;  // content or message
};

template <class Read>
Outcome outcome_of(const Read& read, std::vector<std::byte> bytes) {
  try {
    return {true, content_of(read(std::move(bytes)))};
  } catch (const InputError& error) {
    return {false, error.what()};
  }
}

PthFile read_pth(std::vector<std::byte> bytes) { return parse_pth("f.pth", std::move(bytes)); }
Safetensors read_safetensors(std::vector<std::byte> bytes) {
  return Safetensors::parse("f.safetensors", std::move(bytes));
}

bool names_file_and_place(const std::string& message) {
  return message.starts_with("f.") && std::ranges::count(message, ':') >= 2;
}

// Bytes and a reader, for tests that need both.
std::vector<std::byte> golden(const char* name) { return read_file((mini_goldens() / "pth/files" / name).string()); }

std::vector<std::byte> own_safetensors() {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "w.safetensors").string();
  const PthFile file = read_pth(golden("odd_dtypes_views_zip.pth"));
  std::map<std::string, std::string> metadata{{"config", "[model]\nwidth = 32\n"}};
  metadata[std::string(kChecksumKey)] = content_checksum(file.tensors.tensors(), metadata);
  write_safetensors(path, file.tensors.tensors(), metadata);
  return read_file(path);
}

// `step`: the distance of cuts.
template <class Read>
void expect_every_truncation_is_refused(const Read& read, const std::vector<std::byte>& whole, std::size_t step = 1) {
  ASSERT_TRUE(outcome_of(read, whole).accepted);
  for (std::size_t size = 0; size < whole.size(); size += step) {
    const Outcome outcome = outcome_of(read, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    ASSERT_FALSE(outcome.accepted) << "cut to " << size << " of " << whole.size() << " bytes";
    ASSERT_TRUE(names_file_and_place(outcome.text)) << outcome.text;
  }
}

TEST(DamageTest, EveryTruncationIsRefused) {
  expect_every_truncation_is_refused(read_pth, golden("odd_dtypes_views_zip.pth"));
  expect_every_truncation_is_refused(read_pth, golden("odd_dtypes_views_legacy.pth"));
  expect_every_truncation_is_refused(read_pth, golden("ce_best_subset_legacy.pth"), 7);
  expect_every_truncation_is_refused(read_pth, golden("ce_best_subset_zip_1_8_style.pth"), 7);
  expect_every_truncation_is_refused(read_pth, golden("ce_checkpoint_legacy.pth"), 29);
  expect_every_truncation_is_refused(read_safetensors, own_safetensors());
}

// Where checksums cover all content: the same, or refused.
template <class Read>
int expect_same_or_refused(const Read& read, const std::vector<std::byte>& whole, std::uint64_t damages) {
  const std::string content = outcome_of(read, whole).text;
  int refused = 0;
  for (std::uint64_t i = 0; i < damages; ++i) {
    const Outcome outcome = outcome_of(read, damaged(whole, 21, i));
    EXPECT_TRUE(outcome.accepted ? outcome.text == content : names_file_and_place(outcome.text)) << i << outcome.text;
    refused += outcome.accepted ? 0 : 1;
  }
  return refused;
}

TEST(DamageTest, SeededDamagesOfZipFilesAreHarmlessOrRefused) {
  EXPECT_GT(expect_same_or_refused(read_pth, golden("odd_dtypes_views_zip.pth"), 5000), 3000);
  EXPECT_GT(expect_same_or_refused(read_pth, golden("ce_best_subset_zip_1_8_style.pth"), 1000), 600);
}

TEST(DamageTest, SeededDamagesOfOurOwnFilesAreHarmlessOrRefused) {
  EXPECT_GT(expect_same_or_refused(read_safetensors, own_safetensors(), 5000), 4000);
}

// Legacy files have no checksum: a changed value is another value. What is accepted has the tensors' names, types and
// shapes, or lost what the damage cut off their names' list; nothing else may happen.
TEST(DamageTest, SeededDamagesOfLegacyFilesAreConsistentOrRefused) {
  const std::vector<std::byte> whole = golden("odd_dtypes_views_legacy.pth");
  const std::size_t tensors = read_pth(whole).tensors.tensors().size();
  int refused = 0;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    try {
      const PthFile file = read_pth(damaged(whole, 22, i));
      EXPECT_LE(file.tensors.tensors().size(), tensors) << "damage " << i;
      for (const StoredTensor& tensor : file.tensors.tensors()) {
        std::size_t elements = 1;
        for (const std::int64_t size : tensor.shape) elements *= static_cast<std::size_t>(size);
        EXPECT_EQ(elements * bytes_of(tensor.type), tensor.bytes.size()) << "damage " << i << ' ' << tensor.name;
      }
    } catch (const InputError& error) {
      EXPECT_TRUE(names_file_and_place(error.what())) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 3500);  // of the rest, most hit values
}

// 0, 1 and the neighbours of 2^31, 2^32 and 2^63, and products that wrap around to something small.
TEST(DamageTest, SizesThatAreLiesAreRefusedAtOnce) {
  const auto two_to = [](int bits) { return std::uint64_t{1} << bits; };
  const std::vector<std::uint64_t> numbers{two_to(31) - 1, two_to(31),     two_to(31) + 1,    two_to(32) - 1,
                                           two_to(32),     two_to(32) + 1, two_to(62),        two_to(63) - 1,
                                           two_to(63),     two_to(63) + 1, ~std::uint64_t{0}, two_to(61)};
  std::vector<std::string> headers;
  for (const std::uint64_t a : numbers) {
    headers.push_back(R"({"w":{"dtype":"F32","shape":[)" + std::to_string(a) + R"(],"data_offsets":[0,16]}})");
    headers.push_back(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[0,)" + std::to_string(a) + "]}}");
    headers.push_back(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[)" + std::to_string(a) + ",16]}}");
    for (const std::uint64_t b : numbers) {
      headers.push_back(R"({"w":{"dtype":"F32","shape":[)" + std::to_string(a) + ',' + std::to_string(b) +
                        R"(,4],"data_offsets":[0,16]}})");
    }
  }
  EXPECT_GE(headers.size(), 150U);
  struct rusage before {
  }, after{};
  getrusage(RUSAGE_SELF, &before);
  for (const std::string& header : headers) {
    std::string file(8, '\0');
    for (int i = 0; i < 8; ++i)
      file[static_cast<std::size_t>(i)] = static_cast<char>((header.size() >> (8 * i)) & 0xFFU);
    const auto start = std::chrono::steady_clock::now();
    const Outcome outcome = outcome_of(read_safetensors, to_bytes(file + header + std::string(16, '\0')));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1)) << header;
    EXPECT_FALSE(outcome.accepted) << header;
  }
  for (const std::uint64_t a : numbers)
    for (const std::uint64_t b : numbers) {
      const auto integer = [](std::uint64_t value) {
        std::string text = "\x8a\x09";
        for (int i = 0; i < 8; ++i) text += static_cast<char>((value >> (8 * i)) & 0xFFU);
        return text + '\0';
      };
      const std::string storage = persistent_storage(global("torch", "FloatStorage"), "0", 16);
      std::string pickle = "\x80\x02}" + unicode("w");
      pickle += tensor_of(storage, 0, "(" + integer(a) + integer(b) + "t", "(K\1K\1t") + "s.";
      EXPECT_FALSE(outcome_of(read_pth, zip_around(pickle)).accepted) << a << ' ' << b;
      EXPECT_FALSE(outcome_of(read_pth, legacy_around(pickle)).accepted) << a << ' ' << b;
    }
  getrusage(RUSAGE_SELF, &after);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which keep what was freed
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 16 << 10);           // KiB
#endif
}

TEST(DamageTest, EveryBitOfOurOwnFilesCounts) {
  const std::vector<std::byte> whole = own_safetensors();
  std::size_t data = 8;
  for (int i = 7; i >= 0; --i) data += std::to_integer<std::size_t>(whole[static_cast<std::size_t>(i)]) << (8 * i);
  for (std::size_t i = 0; i < 2000; ++i) {
    std::vector<std::byte> flipped = whole;
    const std::size_t bit = i * 7919 % ((whole.size() - data) * 8);
    flipped[data + bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    ASSERT_FALSE(outcome_of(read_safetensors, std::move(flipped)).accepted) << "bit " << bit;
  }
}

TEST(DamageTest, AFileAboveTheLimitIsRefusedBeforeItIsRead) {
  const TemporaryFolder folder;
  for (const char* name : {"huge.safetensors", "huge.pth"}) {
    const std::string path = (folder.path() / name).string();
    std::ofstream(path) << "PK";
    std::filesystem::resize_file(path, std::uintmax_t{3} << 30);  // sparse
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THROW(read_weights_file(path), InputError);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  }
}

}  // namespace
}  // namespace posecu
