#include "apps/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "apps/suggestion.h"
#include "core/error.h"
#include "core/file.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What reading the configuration says when it is refused; empty when it is accepted.
std::string refusal_of_toml(const std::string& toml) {
  try {
    Config config;
    read_toml(config, toml, "a.toml");
    check_config(config);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

std::string refusal_of(const std::vector<std::string>& words) {
  try {
    Config config;
    apply_overrides(config, words);
    check_config(config);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

Config with(const std::vector<std::string>& words) {
  Config config;
  apply_overrides(config, words);
  check_config(config);
  return config;
}

TEST(ConfigTest, EveryDefaultIsInsideItsRange) { EXPECT_NO_THROW(check_config(Config())); }

TEST(ConfigTest, EveryKeyHasASentence) {
  for (const Key& key : config_keys()) {
    EXPECT_FALSE(key.sentence.empty()) << key.name;
    EXPECT_EQ(key.sentence.back(), '.') << key.name;
  }
}

TEST(ConfigTest, ReadsAValueByItsKeysType) {
  const Config config =
      with({"model.head=hrnet", "model.modules=[1, 1,2]", "data.train=[val2017,\"a, b\"]", "train.lr=1e-3",
            "eval.flip=false", "train.steps=600", "data.augment.scale=[1.5,1.5,]", "data.root=../a b"});
  EXPECT_EQ(config.text("model.head"), "hrnet");
  EXPECT_THAT(config.integers("model.modules"), ElementsAre(1, 1, 2));
  EXPECT_THAT(config.texts("data.train"), ElementsAre("val2017", "a, b"));
  EXPECT_EQ(config.number("train.lr"), 1e-3);
  EXPECT_FALSE(config.boolean("eval.flip"));
  EXPECT_EQ(config.integer("train.steps"), 600);
  EXPECT_THAT(config.numbers("data.augment.scale"), ElementsAre(1.5, 1.5));
  EXPECT_EQ(config.text("data.root"), "../a b");
}

TEST(ConfigTest, LaterLayersWinAndSayWhereTheyCameFrom) {
  Config config;
  read_toml(config, "[train]\nbatch = 3\nlr = 1\n", "a.toml");
  apply_overrides(config, std::vector<std::string>{"train.lr=2"});
  EXPECT_EQ(config.integer("train.batch"), 3);
  EXPECT_EQ(config.origin("train.batch"), "a.toml:2");
  EXPECT_EQ(config.number("train.lr"), 2);
  EXPECT_EQ(config.origin("train.lr"), "command line");
  EXPECT_EQ(config.origin("train.gamma"), "default");
}

TEST(ConfigTest, WhatIsWrittenReadsBackEqual) {
  const Config config = with({"data.root=a \"quoted\" \\ path\ttab", "train.lr=0.1", "loss.weights.push=1e-9",
                              "train.seed=9007199254740991", "data.train=[x,y]", "train.milestones=[]"});
  Config again;
  read_toml(again, write_toml(config), "again");
  for (const Key& key : config_keys()) EXPECT_EQ(again.value(key.name), config.value(key.name)) << key.name;
  EXPECT_EQ(write_toml(again), write_toml(config));
}

TEST(ConfigTest, EveryBuiltInConfigurationIsRight) {
  ASSERT_GE(built_in_configs().size(), 9u);
  for (const BuiltInConfig& built_in : built_in_configs()) {
    Config config;
    ASSERT_NO_THROW(read_config(config, std::string(built_in.name))) << built_in.name;
    EXPECT_NO_THROW(check_config(config)) << built_in.name;
  }
}

TEST(ConfigTest, CrowdPoseDiffersFromCocoInThetaAndData) {
  Config config;
  read_config(config, "crowdpose/higherhrnet_w48_640");
  EXPECT_EQ(config.number("loss.theta"), 0.55);
  EXPECT_EQ(config.integer("model.width"), 48);
  EXPECT_EQ(config.integer("eval.nms_kernel"), 7);
  EXPECT_THAT(config.texts("data.train"), ElementsAre("train", "val"));
}

TEST(ConfigTest, ReadsAFileBeforeABuiltInName) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "mine.toml").string();
  write_file_atomically(path, "train.batch = 7\n");
  Config config;
  read_config(config, path);
  EXPECT_EQ(config.integer("train.batch"), 7);
  EXPECT_EQ(config.origin("train.batch"), path + ":1");
}

TEST(ConfigTest, SuggestsTheNearestBuiltInName) {
  Config config;
  try {
    read_config(config, "coco/higherhrnet_w32");
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean `coco/higherhrnet_w32_512`?"));
  }
}

TEST(SuggestionTest, FindsTheNearestWord) {
  const std::vector<std::string_view> words{"train.lr", "train.batch", "eval.flip"};
  EXPECT_EQ(nearest("train.bacth", words), "train.batch");
  EXPECT_EQ(nearest("batch", words), "train.batch");
  EXPECT_EQ(nearest("evalflip", words), "eval.flip");
  EXPECT_EQ(nearest("something_else", words), "");
}

struct Wrong {
  std::string text, message;
};

TEST(ConfigTest, RefusesWrongFilesNamingTheLine) {
  const std::vector<Wrong> files = {
      {"[train]\n\nbach = 3\n", "a.toml:3: unknown key train.bach; did you mean `train.batch`?"},
      {"batch = 3\n", "a.toml:1: unknown key batch; did you mean `train.batch`?"},
      {"[trian]\nbatch = 3\n", "a.toml:1: unknown key trian"},
      {"[train.more]\nbatch = 3\n", "a.toml:1: unknown key train.more"},
      {"[train]\nbatch = 3\nbatch = 4\n", "a.toml:3: "},
      {"[train]\nbatch = 3\n[train]\nlr = 1\n", "a.toml:3: "},
      {"[train]\nbatch = \"3\"\n", "a.toml:2: train.batch: expected a whole number from 1 to 4096, found a text"},
      {"[train]\nbatch = 3.0\n", "a.toml:2: train.batch: expected a whole number from 1 to 4096, found a number"},
      {"[train]\nbatch = [3]\n", "a.toml:2: train.batch: expected a whole number from 1 to 4096, found a list"},
      {"[train]\nbatch = true\n", "a.toml:2: train.batch: expected a whole number from 1 to 4096, found true or false"},
      {"[train]\nbatch = 2026-11-22\n", "found a date or time"},
      {"[train.batch]\nsize = 3\n", "a.toml:1: train.batch: expected a whole number from 1 to 4096, found a table"},
      {"[train]\nbatch = 0\n", "a.toml:2: train.batch = 0: expected a whole number from 1 to 4096"},
      {"[train]\nbatch = -1\n", "a.toml:2: train.batch = -1: expected a whole number from 1 to 4096"},
      {"[train]\nbatch = 99999999999\n", "a.toml:2: train.batch"},
      {"[train]\nbatch = 99999999999999999999\n", "a.toml:2: "},
      {"[train]\nlr = nan\n", "a.toml:2: train.lr"},
      {"[train]\nlr = inf\n", "a.toml:2: train.lr"},
      {"[train]\nlr = 0\n", "a.toml:2: train.lr"},
      {"[train]\nlr = 1e\n", "a.toml:2: "},
      {"[train]\nlr =\n", "a.toml:2: "},
      {"[train\nlr = 1\n", "a.toml:1: "},
      {"[train]\nlr = 'a\n", "a.toml:2: "},
      {"[train]\nlr 1\n", "a.toml:2: "},
      {"[train]\nmilestones = 3\n", "a.toml:2: train.milestones: expected a list of"},
      {"[train]\nmilestones = [1, \"2\"]\n", "a.toml:2: train.milestones: expected a list of"},
      {"[train]\nmilestones = [5, 4]\n", "a.toml:2: train.milestones = [5, 4]: expected rising numbers"},
      {"[train]\nmilestones = [4, 4]\n", "a.toml:2: train.milestones"},
      {"[train]\ndecay = \"cosine\"\nmilestones = [4]\n", "a.toml:3: train.milestones = [4]: a cosine has none"},
      {"[train]\nsteps = 1\nepochs = 1\n", "train.steps (a.toml:2) and train.epochs (a.toml:3) are both given"},
      {"[train]\ninput_size = 100\n", "a.toml:2: train.input_size = 100: expected a multiple of 32"},
      {"[model]\nhead = \"resnet\"\n", "a.toml:2: model.head = \"resnet\": expected hrnet or higherhrnet"},
      {"[model]\nhead = 1\n", "a.toml:2: model.head"},
      {"[model]\nmodules = [1, 4]\n", "a.toml:2: model.modules = [1, 4]: expected a list of 3 whole numbers"},
      {"[model]\nmodules = [1, 4, 3, 1]\n", "a.toml:2: model.modules"},
      {"[model]\nmodules = [1, 0, 3]\n", "a.toml:2: model.modules"},
      {"[model]\nmodules = [[1], 4, 3]\n", "a.toml:2: model.modules"},
      {"[loss]\ntargets = \"learned\"\n", "expected fixed, instance or embedding"},
      {"[loss]\nfocal = 1\n", "a.toml:2: loss.focal: expected true or false, found a whole number"},
      {"[loss.weights]\npul = 1\n", "a.toml:2: unknown key loss.weights.pul; did you mean `loss.weights.pull`?"},
      {"[loss.weights]\npull = -1\n", "a.toml:2: loss.weights.pull"},
      {"[loss]\nweights = 1\n", "a.toml:2: unknown key loss.weights"},
      {"[data]\ntrain = \"train2017\"\n", "a.toml:2: data.train: expected a list of 1 to 16 texts, found a text"},
      {"[data]\ntrain = []\n", "a.toml:2: data.train"},
      {"[data]\ntrain = [1]\n", "a.toml:2: data.train"},
      {"[data.augment]\nscale = [1.5, 0.5]\n", "a.toml:2: data.augment.scale = [1.5, 0.5]: expected the smaller"},
      {"[data.augment]\nflip = 1.5\n", "a.toml:2: data.augment.flip = 1.5: expected a number from 0 to 1"},
      {"[eval]\nscales = [0.5, 2]\n", "a.toml:2: eval.scales = [0.5, 2.0]: 1 must be among them"},
      {"[eval]\nscales = [1, 1]\n", "a.toml:2: eval.scales"},
      {"[eval]\nnms_kernel = 4\n", "a.toml:2: eval.nms_kernel = 4: expected an odd number"},
      {"[eval]\nevaluator = \"coco\"\n", "expected xtcocotools, pycocotools or crowdposetools"},
      {"\xff\xfe", "a.toml:1: "},
      {"[[train]]\nbatch = 1\n", "a.toml:1: unknown key train"},
  };
  ASSERT_GE(files.size(), 50u);
  for (const Wrong& file : files) EXPECT_THAT(refusal_of_toml(file.text), HasSubstr(file.message)) << file.text;
}

TEST(ConfigTest, RefusesWrongOverrides) {
  const std::vector<Wrong> words = {
      {"train.bach=3", "unknown key train.bach; did you mean `train.batch`?"},
      {"=3", "unknown key "},
      {"train=3", "unknown key train"},
      {"train.batch=", "train.batch = : expected a whole number from 1 to 4096"},
      {"train.batch=3x", "train.batch = 3x: expected"},
      {"train.batch=3.5", "train.batch = 3.5: expected"},
      {"train.batch=1e2", "train.batch = 1e2: expected"},
      {"train.lr=fast", "command line: train.lr = fast: expected a number from 1e-12 to 100"},
      {"train.lr=nan", "train.lr"},
      {"eval.flip=yes", "eval.flip = yes: expected true or false"},
      {"eval.flip=1", "eval.flip = 1: expected true or false"},
      {"model.modules=1,4,3", "model.modules = 1,4,3: expected a list of 3 whole numbers"},
      {"model.modules=[1,,3]", "model.modules"},
      {"model.modules=[1,4,3", "model.modules"},
      {"data.train=[\"a]", "data.train"},
      {"model.head=HRNet", "model.head = \"HRNet\": expected hrnet or higherhrnet"},
  };
  for (const Wrong& word : words) EXPECT_THAT(refusal_of({word.text}), HasSubstr(word.message)) << word.text;
}

TEST(ConfigTest, RefusesAKeyGivenTwiceOnTheCommandLine) {
  EXPECT_THAT(refusal_of({"train.lr=1", "train.lr=1"}), HasSubstr("train.lr is given twice"));
}

}  // namespace
}  // namespace posecu
