// Configuration files that were cut short or damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/config.h"
#include "core/error.h"
#include "core/random.h"

namespace posecu {
namespace {

using testing::StartsWith;

std::string_view whole_text() {
  for (const BuiltInConfig& built_in : built_in_configs())
    if (built_in.name == "crowdpose/higherhrnet_w48_640") return built_in.toml;
  throw std::logic_error("no such recipe");
}

// Whether the text was accepted; where not, the message must name file and place.
bool accepted(Config& config, std::string_view text) {
  try {
    read_toml(config, text, "a.toml");
    check_config(config);
    return true;
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::AnyOf(StartsWith("a.toml:"), testing::HasSubstr("(a.toml:")));
    return false;
  }
}

// A configuration is a list of lines: one that was cut short is shorter. Of its values, only the last can be another
// one.
TEST(ConfigDamageTest, EveryTextThatIsCutShortIsRefusedOrTheBeginningOfTheWholeOne) {
  const std::string_view text = whole_text();
  Config whole;
  ASSERT_TRUE(accepted(whole, text));
  const Config defaults;
  int refused = 0;
  for (std::size_t size = 0; size < text.size(); ++size) {
    Config config;
    if (!accepted(config, text.substr(0, size))) {
      ++refused;
      continue;
    }
    int others = 0;
    for (const Key& key : config_keys())
      others += config.value(key.name) != whole.value(key.name) && !config.is_default(key.name) ? 1 : 0;
    ASSERT_LE(others, 1) << size << " bytes";
  }
  EXPECT_GT(refused, 300);
}

TEST(ConfigDamageTest, DamagedTextsAreRefusedOrReadBackFromTheirOwnText) {
  const std::string_view text = whole_text();
  Random random(31, 0, 0, RandomPurpose::test);
  int refused = 0;
  constexpr int kDamages = 6000;
  for (int number = 0; number < kDamages; ++number) {
    std::string damaged(text);
    for (int changes = 1 + random.below(3); changes > 0; --changes) {
      const auto at = static_cast<std::size_t>(random.below(static_cast<int>(damaged.size())));
      const auto size = static_cast<std::size_t>(random.below(40));
      switch (random.below(4)) {
        case 0:
          damaged[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          damaged.erase(at, size);
          break;
        case 2:
          damaged.insert(at, text.substr(static_cast<std::size_t>(random.below(static_cast<int>(text.size()))), size));
          break;
        default:
          damaged.insert(at, 1, "[]{}\"'=.,#\n\\"[random.below(12)]);
      }
    }
    Config config, again;
    if (!accepted(config, damaged)) {
      ++refused;
      continue;
    }
    ASSERT_TRUE(accepted(again, write_toml(config)));
    for (const Key& key : config_keys()) ASSERT_EQ(again.value(key.name), config.value(key.name)) << key.name;
  }
  EXPECT_GT(refused, kDamages / 2);
  EXPECT_LT(refused, kDamages);
}

// toml++ 3.3 overflows its stack on the first.
TEST(ConfigDamageTest, RefusesWhatIsNestedWithoutEnd) {
  std::string parts;
  for (int i = 0; i < 300'000; ++i) parts += "a.";
  for (const std::string& text : {parts + "b = 1", "[" + parts + "b]", std::string(300'000, '[')}) {
    Config config;
    EXPECT_THAT([&] { read_toml(config, text, "a.toml"); },
                testing::ThrowsMessage<UsageError>("a.toml:1: nested too deeply for a configuration"));
  }
}

// Of quotes in a row, the last three end a text of many lines: what follows is no text.
TEST(ConfigDamageTest, SeesWhereATextOfManyLinesEnds) {
  Config config;
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  EXPECT_THAT([&] { read_toml(config, "a = \"\"\"x\"\"\"\"\"\nb = " + deep + "\nc = \"\"\"\"\"\"", "a.toml"); },
              testing::ThrowsMessage<UsageError>("a.toml:2: nested too deeply for a configuration"));
}

// What toml++ 3.3 does with these is undefined, as a fuzz target found.
TEST(ConfigDamageTest, RefusesCharactersBeyondAsciiOutsideOfTexts) {
  for (const std::string text :
       {"größe = 1", "[train]\nö.a = 1", "train.seed = ö", "train.seed = 2[\"ö\"", "a = \"x\" ö"}) {
    Config config;
    try {
      read_toml(config, "\n" + text, "a.toml");
      ADD_FAILURE() << text << " was read";
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), testing::MatchesRegex("a.toml:[23]: .*")) << text;
    }
  }
}

TEST(ConfigDamageTest, ReadsThemInCommentsAndTexts) {
  Config config;
  read_toml(config, "# größe\ndata.root = \"/Öl/ä\"  # ö\ndata.val = \"\"\"\\\n  ö\"\"\"\n", "a.toml");
  EXPECT_EQ(config.text("data.root"), "/Öl/ä");
  EXPECT_EQ(config.text("data.val"), "ö");
}

}  // namespace
}  // namespace posecu
