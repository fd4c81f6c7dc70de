#include "core/safetensors.h"

#include <gtest/gtest.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/checked_size.h"
#include "core/error.h"
#include "core/file.h"
#include "core/random.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

class SafetensorsTest : public testing::Test {
 protected:
  SafetensorsTest() : path_((folder_.path() / "a.safetensors").string()) {}

  void write_sample() const {
    const std::vector<float> a{1, 2, 3, 4, 5, 6};
    const std::vector<std::int64_t> b{std::int64_t{1} << 60};
    const std::vector<StoredTensor> tensors{{"a", DataType::f32, {2, 3}, std::as_bytes(std::span(a))},
                                            {"b", DataType::i64, {}, std::as_bytes(std::span(b))},
                                            {"none", DataType::u8, {0, 4}, {}}};
    write_safetensors(path_, tensors, {{"config", "[model]\nwidth = 8\n"}});
  }

  // A file with this header and so many bytes of data.
  void write_raw(const std::string& header, std::size_t data_bytes) const {
    std::string text(8, '\0');
    const std::uint64_t length = header.size();
    std::memcpy(text.data(), &length, 8);
    write_file_atomically(path_, text + header + std::string(data_bytes, '\1'));
  }

  std::string refusal() const {
    try {
      Safetensors::read(path_);
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  }

  TemporaryFolder folder_;
  std::string path_;
};

TEST_F(SafetensorsTest, RoundTripKeepsNamesShapesValuesAndMetadata) {
  write_sample();
  const Safetensors file = Safetensors::read(path_);
  ASSERT_EQ(file.tensors().size(), 3U);
  EXPECT_EQ(file.at("a").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(file.floats("a"), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(file.doubles("a"), (std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(file.integers("b"), (std::vector<std::int64_t>{std::int64_t{1} << 60}));
  EXPECT_TRUE(file.at("none").bytes.empty());
  EXPECT_EQ(file.metadata().at("config"), "[model]\nwidth = 8\n");
  EXPECT_THROW(file.floats("b"), InputError);
  EXPECT_THROW(file.at("c"), InputError);
}

TEST_F(SafetensorsTest, ReadsTheGoldenFiles) {
  const Safetensors file = Safetensors::read(mini_goldens() / "losses/window_sigma2.safetensors");
  EXPECT_FALSE(file.tensors().empty());
}

std::vector<std::byte> bytes_of_text(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string refusal_of(std::string_view contents) {
  try {
    Safetensors::parse("a.safetensors", bytes_of_text(contents));
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_F(SafetensorsTest, EveryTruncationIsRefused) {
  write_sample();
  const std::string whole = read_text_file(path_);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string refusal = refusal_of(std::string_view(whole).substr(0, size));
    ASSERT_NE(refusal, "accepted") << "cut to " << size << " of " << whole.size() << " bytes";
    ASSERT_TRUE(refusal.starts_with("a.safetensors: ")) << refusal;
  }
}

TEST_F(SafetensorsTest, SeededDamagesAreRefusedOrHarmless) {
  write_sample();
  const std::string whole = read_text_file(path_);
  int refused = 0;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    Random random(11, 0, i, RandomPurpose::test);
    std::string damaged = whole;
    for (int edits = 1 + random.below(3); edits > 0; --edits) {
      damaged.at(static_cast<std::size_t>(random.below(static_cast<int>(whole.size())))) =
          static_cast<char>(random.bits());
    }
    refused += refusal_of(damaged) == "accepted" ? 0 : 1;
  }
  EXPECT_GT(refused, 2500);  // the rest hit the tensors' values, the metadata's text or a name
}

TEST_F(SafetensorsTest, HeaderTricksAreRefused) {
  const std::string good = R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})";
  const std::vector<std::pair<std::string, std::string>> tricks{
      {"{" + good + "," + good + "}", "twice"},
      {R"({"a":{"dtype":"U9","shape":[4],"data_offsets":[0,4]}})", "type"},
      {R"({"a":{"dtype":"U8","shape":[5],"data_offsets":[0,4]}})", "needs 5 bytes"},
      {R"({"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}})", "non-negative"},
      {R"({"a":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}})", "non-negative"},
      {R"({"a":{"dtype":"U8","shape":[2147483648,2147483648,4],"data_offsets":[0,4]}})", "too large"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}})", "data_offsets"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}})", "data_offsets"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}})", "hole"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", "belong to no tensor"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
       "overlaps"},
      {R"([1,2])", "'{'"},
      {R"({"a":)" + std::string(200000, '[') + "}", ""},
      {"{" + good + "} x", "JSON"}};
  for (const auto& [header, expected] : tricks) {
    write_raw(header, 4);
    EXPECT_NE(refusal(), "accepted") << header.substr(0, 100);
    EXPECT_NE(refusal().find(expected), std::string::npos) << refusal().substr(0, 300);
  }
  write_raw("{" + good + "}", 4);
  EXPECT_EQ(refusal(), "accepted");
}

TEST_F(SafetensorsTest, EqualContentGivesEqualFiles) {
  write_sample();
  const std::string first = read_text_file(path_);
  write_sample();
  EXPECT_EQ(read_text_file(path_), first);
}

TEST_F(SafetensorsTest, AnythingThatChangesIsFoundByTheChecksum) {
  std::vector<float> a{1, 2, 3, 4, 5, 6};
  std::vector<StoredTensor> tensors{{"a", DataType::f32, {2, 3}, std::as_bytes(std::span(a))}};
  std::map<std::string, std::string> metadata{{"config", "x"}};
  metadata["checksum"] = content_checksum(tensors, metadata);
  write_safetensors(path_, tensors, metadata);
  EXPECT_NO_THROW(verify_checksum(Safetensors::read(path_)));
  const auto expect_found = [&] {
    write_safetensors(path_, tensors, metadata);
    EXPECT_THROW(verify_checksum(Safetensors::read(path_)), InputError);
  };
  a[5] = 7;
  expect_found();
  a[5] = 6;
  tensors[0].shape = {3, 2};
  expect_found();
  tensors[0].shape = {2, 3};
  tensors[0].name = "b";
  expect_found();
  tensors[0].name = "a";
  metadata["config"] = "y";
  expect_found();
}

TEST_F(SafetensorsTest, ManyTensorsAreReadInAMoment) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kMaxTensors; ++i) names.push_back(std::to_string(i));
  std::vector<StoredTensor> tensors;
  for (const std::string& name : names) tensors.push_back({name, DataType::u8, {0}, {}});
  const auto start = std::chrono::steady_clock::now();
  write_safetensors(path_, tensors, {});
  const Safetensors file = Safetensors::read(path_);
  for (const std::string& name : names) ASSERT_TRUE(file.contains(name));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));  // 0.1 s; squared, it is minutes
  tensors.push_back({"one more", DataType::u8, {0}, {}});
  write_safetensors(path_, tensors, {});
  EXPECT_NE(refusal().find("more than 32768 tensors"), std::string::npos) << refusal();
}

TEST(HalfPrecisionTest, ToHalfRoundsAsTheCompilersType) {
  const auto check = [](float value) {
    const auto expected = static_cast<_Float16>(value);
    std::uint16_t pattern = 0;
    std::memcpy(&pattern, &expected, 2);
    if (value != value) {
      ASSERT_EQ(float_to_half(value) & 0x7FFFU, 0x7E00U);
    } else {
      ASSERT_EQ(float_to_half(value), pattern) << value;
    }
  };
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << 32; bits += 997) {
    check(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  for (std::uint32_t half = 0; half < 0x7C00; ++half) {  // each value, the tie above it, and their neighbours
    const float value = half_to_float(static_cast<std::uint16_t>(half));
    const float above = half == 0x7BFF ? 65536.F : half_to_float(static_cast<std::uint16_t>(half + 1));
    for (const float near : {value, (value + above) / 2}) {
      for (const float sign : {1.F, -1.F}) {
        check(sign * near);
        check(sign * std::nextafter(near, 1e9F));
        check(sign * std::nextafter(near, -1e9F));
      }
    }
  }
}

TEST(HalfPrecisionTest, EveryPatternConvertsAsTheCompilersType) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    _Float16 half;
    const auto pattern = static_cast<std::uint16_t>(bits);
    std::memcpy(&half, &pattern, 2);
    const auto expected = static_cast<float>(half);
    const float found = half_to_float(pattern);
    if (expected != expected) {
      ASSERT_NE(found, found) << bits;
    } else {
      ASSERT_EQ(found, expected) << bits;
    }
  }
}

}  // namespace
}  // namespace posecu
