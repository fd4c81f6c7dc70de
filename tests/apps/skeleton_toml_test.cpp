#include "apps/skeleton_toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"

namespace posecu {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

void expect_same(const Skeleton& a, const Skeleton& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.keypoints, b.keypoints);
  EXPECT_EQ(a.flip, b.flip);
  EXPECT_EQ(a.edges, b.edges);
  EXPECT_EQ(a.sigmas, b.sigmas);
  EXPECT_EQ(a.grouping_order, b.grouping_order);
  EXPECT_EQ(a.colours, b.colours);
  EXPECT_EQ(a.count, b.count);
}

std::string refusal_of(const std::string& text) {
  try {
    parse_skeleton(text, "mine.toml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

constexpr const char* kHand = R"(name = "hand"
keypoints = ["wrist", "left_tip", "right_tip"]
flip_pairs = [["left_tip", "right_tip"]]
sigmas = [0.05, 0.1, 1]
)";

TEST(SkeletonTomlTest, TheBuiltInOnesReadBackEqual) {
  for (const char* name : {"coco", "crowdpose", "ochuman"}) {
    const Skeleton& skeleton = skeleton_by_name(name);
    for (const auto comments : {SkeletonComments::none, SkeletonComments::explained})
      expect_same(parse_skeleton(write_toml(skeleton, comments), name), skeleton);
  }
}

TEST(SkeletonTomlTest, FillsInWhatIsNotRequired) {
  const Skeleton hand = parse_skeleton(kHand, "mine.toml");
  EXPECT_EQ(hand.flip, (std::vector{0, 2, 1}));
  EXPECT_EQ(hand.grouping_order, (std::vector{0, 1, 2}));
  EXPECT_EQ(hand.sigmas, (std::vector{0.05, 0.1, 1.0}));
  EXPECT_TRUE(hand.edges.empty());
  EXPECT_EQ(hand.colours[1], coco_skeleton().colours[1]);
  EXPECT_EQ(hand.count, KeypointCount::labelled);
}

TEST(SkeletonTomlTest, ReadsEveryList) {
  const Skeleton hand = parse_skeleton(std::string(kHand) +
                                           "edges = [[\"wrist\", \"right_tip\"]]\n"
                                           "grouping_order = [\"right_tip\", \"wrist\", \"left_tip\"]\n"
                                           "colours = [[1, 2, 3], [4, 5, 6], [0, 255, 9]]\n"
                                           "num_keypoints = \"stated\"\n",
                                       "mine.toml");
  EXPECT_EQ(hand.edges, (std::vector<std::pair<int, int>>{{0, 2}}));
  EXPECT_EQ(hand.grouping_order, (std::vector{2, 0, 1}));
  EXPECT_EQ(hand.colours[2], (Skeleton::Colour{0, 255, 9}));
  EXPECT_EQ(hand.count, KeypointCount::stated_first);
}

// The text above with a line changed or, when it begins with none of its keys, added.
std::string with_line(const std::string& line) {
  std::string text = kHand;
  const std::size_t at = text.find(line.substr(0, line.find(' ')) + " =");
  if (at == std::string::npos) return text + line + '\n';
  return text.replace(at, text.find('\n', at) - at, line);
}

TEST(SkeletonTomlTest, RefusesWrongFilesNamingTheLine) {
  struct WrongLine {
    std::string line, message;
  };
  const std::vector<WrongLine> lines = {
      {"sigma = [1, 1, 1]", "mine.toml: line 5: unknown key sigma; did you mean `sigmas`?"},
      {"name = 3", "mine.toml: line 1: name: expected a text"},
      {"name = \"\"", "line 1: name: expected a text of 1 to 100 bytes"},
      {"name = 'say \"hand\"'", "line 1: name: expected a text of 1 to 100 bytes"},
      {"name = \"a\\u001b[2J\"", "line 1: name: expected a text of 1 to 100 bytes"},
      {"keypoints = []", "line 2: keypoints: expected 1 to 256 names, found 0"},
      {"keypoints = \"wrist\"", "line 2: keypoints: expected a list of names"},
      {"keypoints = [\"wrist\", \"left_tip\", \"wrist\"]", "line 2: keypoints: wrist is there twice"},
      {"keypoints = [\"wrist\", 2, 3]", "line 2: keypoints: expected a text"},
      {"keypoints = [\"wrist\", \"left_tip\"]", "line 3: flip_pairs: there is no keypoint right_tip"},
      {"flip_pairs = []", "line 3: flip_pairs: left_tip and right_tip are in no pair"},
      {"flip_pairs = [[\"left_tip\", \"right_tipp\"]]",
       "line 3: flip_pairs: there is no keypoint right_tipp; did you mean `right_tip`?"},
      {"flip_pairs = [[\"left_tip\", \"right_tip\"], [\"left_tip\", \"wrist\"]]",
       "line 3: flip_pairs: left_tip is in a pair already"},
      {"flip_pairs = [[\"left_tip\", \"right_tip\"],\n  [\"right_tip\", \"left_tip\"]]",
       "line 4: flip_pairs: right_tip is in a pair already"},
      {"flip_pairs = [[\"wrist\", \"wrist\"]]", "line 3: flip_pairs: wrist is paired with itself"},
      {"flip_pairs = [[\"wrist\"]]", "line 3: flip_pairs: expected a pair of keypoints, found 1"},
      {"flip_pairs = [\"wrist\", \"left_tip\"]", "line 3: flip_pairs: expected a list of pairs of keypoints"},
      {"flip_pairs = [[1, 2]]", "line 3: flip_pairs: expected a text"},
      {"sigmas = [0.1, 0.1]", "line 4: sigmas: expected 3 numbers, one a keypoint, found 2"},
      {"sigmas = [0.1, 0.1, 0]", "line 4: sigmas: expected a positive number"},
      {"sigmas = [0.1, 0.1, -1]", "line 4: sigmas: expected a positive number"},
      {"sigmas = [0.1, 0.1, nan]", "line 4: sigmas: expected a positive number"},
      {"sigmas = [0.1, 0.1, inf]", "line 4: sigmas: expected a positive number"},
      {"sigmas = [0.1, 0.1, \"0.1\"]", "line 4: sigmas: expected a positive number"},
      {"sigmas = 0.1", "line 4: sigmas: expected a list of numbers"},
      {"edges = [[\"wrist\", \"elbow\"]]", "line 5: edges: there is no keypoint elbow"},
      {"edges = [[\"wrist\", \"wrist\"]]", "line 5: edges: wrist is paired with itself"},
      {"grouping_order = [\"wrist\"]", "line 5: grouping_order: expected 3 keypoints, one a keypoint, found 1"},
      {"grouping_order = [\"wrist\", \"wrist\", \"left_tip\"]", "line 5: grouping_order: wrist is there twice"},
      {"grouping_order = [\"wrist\", \"tip\", \"left_tip\"]", "line 5: grouping_order: there is no keypoint tip"},
      {"colours = [[1, 2, 3]]", "line 5: colours: expected 3 colours, one a keypoint, found 1"},
      {"colours = [[1, 2, 3], [1, 2, 256], [1, 2, 3]]", "line 5: colours: expected [red, green, blue]"},
      {"colours = [[1, 2, 3], [1, 2], [1, 2, 3]]", "line 5: colours: expected [red, green, blue]"},
      {"colours = [[1, 2, 3], [1, 2, 3, 4], [1, 2, 3]]", "line 5: colours: expected [red, green, blue]"},
      {"colours = [[1, 2, 3], [1, 2, 3.5], [1, 2, 3]]", "line 5: colours: expected [red, green, blue]"},
      {"num_keypoints = \"all\"", "line 5: num_keypoints: expected labelled or stated"},
      {"num_keypoints = 3", "line 5: num_keypoints: expected labelled or stated"},
      {"name = \"hand", "mine.toml: line 1: "},
      {"name = \"a\"\nname = \"b\"", "mine.toml: line 2: "},
      {"[name]", "mine.toml: line 5: "},
      {"\xff", "mine.toml: line 4: "},  // toml++ names the character before,
  };
  for (const auto& [line, message] : lines) EXPECT_THAT(refusal_of(with_line(line)), HasSubstr(message)) << line;
  for (const std::string key : {"name", "keypoints", "flip_pairs", "sigmas"}) {
    std::string text = kHand;
    const std::size_t at = text.find(key + " =");
    text.erase(at, text.find('\n', at) + 1 - at);
    EXPECT_THAT(refusal_of(text), StartsWith("mine.toml: " + key + " is missing")) << key;
  }
  EXPECT_THAT(refusal_of(""), StartsWith("mine.toml: name is missing"));
}

// toml++ 3.3 overflows its stack on these.
TEST(SkeletonTomlTest, RefusesWhatIsNestedWithoutEnd) {
  std::string parts;
  for (int i = 0; i < 300'000; ++i) parts += "a.";
  for (const std::string& text : {parts + "b = 1\n", "[" + parts + "b]\n", "[[" + parts + "b]]\n",
                                  "x = {" + parts + "b = 1}\n", std::string(300'000, '[')})
    EXPECT_THAT(refusal_of("\n" + text), HasSubstr("mine.toml: line 2: nested too deeply")) << text.substr(0, 20);
  EXPECT_THAT(refusal_of("name = \"" + parts + "\"\n"), HasSubstr("line 1: name: expected a text of 1 to 100 bytes"));
}

TEST(SkeletonTomlTest, RefusesEveryTextThatIsCutShort) {
  for (const auto comments : {SkeletonComments::none, SkeletonComments::explained}) {
    const std::string text = write_toml(crowdpose_skeleton(), comments);
    expect_same(parse_skeleton(text.substr(0, text.size() - 1), "mine.toml"), crowdpose_skeleton());
    for (std::size_t size = 0; size + 1 < text.size(); ++size)
      ASSERT_THAT(refusal_of(text.substr(0, size)), StartsWith("mine.toml: ")) << size << " bytes";
  }
}

// A number may change unseen; whatever is accepted is a whole skeleton, and reads back from its own text.
TEST(SkeletonTomlTest, RefusesDamagedTextsOrReadsThemWhole) {
  const std::string whole = write_toml(coco_skeleton(), SkeletonComments::explained);
  Random random(29, 0, 0, RandomPurpose::test);
  int refused = 0;
  constexpr int kDamages = 6000;
  for (int i = 0; i < kDamages; ++i) {
    std::string text = whole;
    for (int changes = 1 + random.below(4); changes > 0; --changes) {
      const auto at = static_cast<std::size_t>(random.below(static_cast<int>(text.size())));
      const auto size = static_cast<std::size_t>(random.below(30));
      switch (random.below(4)) {
        case 0:
          text[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          text.erase(at, size);
          break;
        case 2:
          text.insert(at, text.substr(static_cast<std::size_t>(random.below(static_cast<int>(text.size()))), size));
          break;
        default:
          text.insert(at, 1, "[]{}\"'=.,#\n\\"[random.below(12)]);
      }
    }
    try {
      const Skeleton skeleton = parse_skeleton(text, "mine.toml");
      check_skeleton(skeleton, "mine.toml");
      expect_same(parse_skeleton(write_toml(skeleton), "again"), skeleton);
    } catch (const InputError& error) {
      ASSERT_THAT(error.what(), StartsWith("mine.toml: "));
      ++refused;
    }
  }
  EXPECT_GT(refused, kDamages / 2);
  EXPECT_LT(refused, kDamages);
}

}  // namespace
}  // namespace posecu
