#include "data/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "core/random.h"
#include "tests/data/json_elements.h"
#include "tests/support/damage.h"

namespace posecu {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kWhole = std::size_t{1} << 20;  // larger than every text here

// Objects within objects, commas and braces in strings, and spaces where they may be: what a cut can get wrong.
Json random_value(Random& random, int depth) {
  const int kind = depth > 3 ? random.below(3) : random.below(7);
  Json value;
  switch (kind) {
    case 0:
      return random.below(100000) - 500;
    case 1:
      return random.below(1000) / 8.0;
    case 2:
      return std::vector<std::string>{
          "", "},{", "a\"},{\"b\\", "]", "ö, {", "\\"}[static_cast<std::size_t>(random.below(6))];
    case 3:
      value = Json::array();
      for (int n = random.below(5); n > 0; --n) value.push_back(random_value(random, depth + 1));
      return value;
    default:
      value = Json::object();
      for (int n = random.below(5); n > 0; --n) value["k" + std::to_string(n)] = random_value(random, depth + 1);
      return value;
  }
}

Json random_list(Random& random, int most) {
  Json list = Json::array();
  for (int n = random.below(most); n > 0; --n) list.push_back(random_value(random, random.below(3)));
  return list;
}

std::string expected_elements(const Json& document) {
  std::string all;
  const auto add = [&all](const std::string& name, const Json& list) {
    for (const Json& element : list) all.append(name).append(1, '\0').append(element.dump()).append(1, '\n');
  };
  if (document.is_array()) add("", document);
  if (document.is_object())
    for (const auto& [name, value] : document.items())
      if (value.is_array()) add(name, value);
  return all;
}

Json random_document(Random& random) {
  if (random.below(4) == 0) return random_list(random, 20);
  return {
      {"a \"list\"", random_list(random, 20)}, {"info", random_value(random, 0)}, {"last", random_list(random, 20)}};
}

TEST(JsonTextTest, GivesTheSameElementsInPiecesOfAnySize) {
  std::size_t texts = 0, elements = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed, ++texts) {
    Random random(seed, 0, 0, RandomPurpose::test);
    const Json document = random_document(random);
    const std::string expected = expected_elements(document);
    elements += static_cast<std::size_t>(std::ranges::count(expected, '\0'));
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{40}, std::size_t{300}, kWhole})
      EXPECT_EQ(json_elements(document.dump(), piece), expected) << "seed " << seed << ", pieces of " << piece;
  }
  EXPECT_GT(elements, 5000u);
  std::printf("%zu texts with %zu elements\n", texts, elements);
}

TEST(JsonTextTest, AcceptsTheSameDamagedTextsInPiecesOfAnySize) {
  int accepted = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Random random(seed % 50, 0, 0, RandomPurpose::test);
    const std::string text = damaged_json(random_document(random).dump(seed % 2 == 0 ? -1 : 1), seed);
    const std::string whole = json_elements(text, kWhole);
    accepted += whole == "refused" ? 0 : 1;
    for (const std::size_t piece : {1, 20, 200})
      EXPECT_EQ(json_elements(text, piece), whole) << "seed " << seed << ", pieces of " << piece << ": " << text;
  }
  EXPECT_GT(accepted, 400);
  EXPECT_LT(accepted, 3600);
}

TEST(JsonTextTest, RefusesACommaBeforeTheEndInPiecesOfAnySize) {
  const std::string text = R"({"a":[{"b":1},{"b":2}, ],"c":[{"d":1},{"d":2},{"d":3}]})";
  for (std::size_t piece = 1; piece < 80; ++piece) EXPECT_EQ(json_elements(text, piece), "refused") << piece;
}

TEST(JsonTextTest, RefusesWhatIsNoJsonAndSaysWhere) {
  struct Wrong {
    std::string text, place, message;
  };
  const std::string end = "the end of the file";
  const std::vector<Wrong> wrong{
      {"", end, "expected \"{\", found the end of the file"},
      {"5", "byte 0", "expected \"{\", found 5"},
      {"{", end, "expected a name in quotes, found the end of the file"},
      {"{\"a\"", end, "expected \":\", found the end of the file"},
      {"{\"a\" 1}", "byte 5", "expected \":\", found 1"},
      {"{\"a\": }", "byte 6", "a value is missing"},
      {"{\"a\": 1,}", "byte 8", "expected a name in quotes, found }"},
      {"{\"a\": 1 \"b\": 2}", "byte 8", "expected \"}\", found \"b\""},
      {"{\"a\": \"x\"\"y\"}", "byte 9", "expected \"}\", found \"y\""},
      {"{\"a\": {\"b\": 1}", end, "expected \"}\", found the end of the file"},
      {"{\"a\": {\"b\": 1", end, "a list or an object has no end"},
      {"{\"a\": \"b}", end, "a string has no end"},
      {std::string("{\"a\": 1}\0}", 10), "byte 8", "a zero byte"},
      {"{\"a\": [1, 2}", "byte 11", ""},
      {"{\"a\": [1, 2", end, "a list has no end"},
      {"{\"a\": [1, \"2", end, "a string has no end"},
      {"{\"a\": [1, \"\xff\"]}", "from byte 6 on", ""},
  };
  for (const auto& [text, place, message] : wrong) {
    JsonText reader(text_source(text));
    try {
      reader.for_each_member([&](const std::string&) {
        if (reader.next() == '[')
          reader.for_each([](auto) {}, [] {});
        else
          reader.skip();
      });
      reader.next();
      ADD_FAILURE() << text << " was read";
    } catch (const JsonError& error) {
      EXPECT_EQ(error.place, place) << text;
      EXPECT_THAT(error.what(), testing::StartsWith("not valid JSON: " + message)) << text;
    }
  }
}

}  // namespace
}  // namespace posecu
