// The built-in configurations: what they say, whether a full-size step of each fits together, and that each trains.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "apps/config.h"
#include "apps/training_options.h"
#include "core/file.h"
#include "data/skeleton.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"
#include "training/step.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

Config config_of(std::string_view name) {
  Config config;
  read_config(config, std::string(name));
  check_config(config);
  return config;
}

std::vector<std::string> recipes() {
  std::vector<std::string> names;
  for (const BuiltInConfig& built_in : built_in_configs())
    if (built_in.name != "coco/laptop" && !built_in.name.starts_with("synth/")) names.emplace_back(built_in.name);
  return names;
}

// What the paper and the published code say of all trainings.
TEST(RecipesTest, HaveThePublishedSchedule) {
  ASSERT_GE(recipes().size(), 12U);
  for (const std::string& name : recipes()) {
    SCOPED_TRACE(name);
    const Config config = config_of(name);
    EXPECT_EQ(config.integer("train.epochs"), 300);
    EXPECT_THAT(config.integers("train.milestones"), ElementsAre(200, 260));
    EXPECT_EQ(config.number("train.lr"), 1.5e-3);
    EXPECT_EQ(config.number("train.gamma"), 0.1);
    EXPECT_EQ(config.integer("train.warmup_steps"), 500);
    EXPECT_EQ(config.number("train.warmup_ratio"), 1e-3);
    EXPECT_EQ(config.integer("train.batch") * config.integer("train.accumulate"), 10);
    EXPECT_THAT(config.numbers("data.augment.scale"), ElementsAre(0.75, 1.5));
    EXPECT_EQ(config.number("data.augment.rotation"), 30);
    EXPECT_EQ(config.number("data.augment.translation"), 40);
    EXPECT_EQ(config.number("data.augment.flip"), 0.5);
    EXPECT_TRUE(config.boolean("data.drop_last"));
    EXPECT_EQ(config.number("loss.sigma"), 2);
    EXPECT_EQ(config.text("loss.formulas"), "official");
    EXPECT_THAT(config.integers("model.modules"), ElementsAre(1, 4, 3));
    EXPECT_EQ(config.integer("model.blocks"), 4);
    EXPECT_TRUE(config.boolean("eval.flip"));
    EXPECT_THAT(config.numbers("eval.scales"), ElementsAre(1));
    EXPECT_EQ(config.number("eval.threshold"), 0.1);
    EXPECT_EQ(config.number("eval.tag_distance"), 1);
    EXPECT_EQ(config.integer("eval.max_people"), 30);
  }
}

TEST(RecipesTest, SayInTheirNamesWhatTheyAre) {
  for (const std::string& name : recipes()) {
    SCOPED_TRACE(name);
    const Config config = config_of(name);
    const bool crowdpose = name.starts_with("crowdpose/"), classic = name.find("/ae_") != std::string::npos;
    const bool large = name.find("w48_640") != std::string::npos;
    EXPECT_EQ(config.text("data.dataset"), crowdpose ? "crowdpose" : "coco");
    EXPECT_THAT(config.texts("data.train"), crowdpose
                                                ? ElementsAre("train", "val")
                                                : testing::Matcher<std::vector<std::string>>(ElementsAre("train2017")));
    EXPECT_EQ(config.text("data.val"), crowdpose ? "test" : "val2017");
    EXPECT_EQ(config.text("model.head"), name.find("higherhrnet") != std::string::npos ? "higherhrnet" : "hrnet");
    EXPECT_EQ(config.integer("model.width"), large ? 48 : 32);
    EXPECT_EQ(config.integer("train.input_size"), large ? 640 : 512);
    EXPECT_EQ(config.integer("eval.input_size"), large ? 640 : 512);
    EXPECT_EQ(config.integer("eval.nms_kernel"), large ? 7 : 5);
    EXPECT_EQ(config.integer("model.embedding_dim"), classic ? 1 : 8);
    EXPECT_EQ(config.boolean("loss.regularisation"), !classic);
    EXPECT_EQ(config.boolean("loss.focal"), !classic);
    EXPECT_EQ(config.text("loss.targets"), classic ? "fixed" : "embedding");
    EXPECT_EQ(config.number("loss.theta"), crowdpose && !classic ? 0.55 : 0.40);
    EXPECT_EQ(config.text("model.init").empty(), !name.ends_with("_from_coco"));
  }
}

// At full size, without memory: every shape of forward, losses, backward and update is asked for.
TEST(RecipesTest, AFullSizeStepFitsTogether) {
  for (const std::string& name : recipes()) {
    SCOPED_TRACE(name);
    const Config config = config_of(name);
    const int keypoints = skeleton_by_name(config.text("data.dataset")).size(),
              size = config.integer("train.input_size");
    Context context({.threads = 1, .memory = std::size_t{1} << 40, .dry_run = true});
    Parameters parameters;
    Network network(parameters, network_options(config, keypoints));
    parameters.allocate(context, Parameters::Gradients::allocate);
    const Losses losses(loss_options(config));
    Adam adam(context, parameters, train_options(config).adam);
    TrainingStep step(context, network, parameters, losses, adam, 1);
    const Tensor<float> images = context.tensor<float>({config.integer("train.batch"), size, size, 3});
    step.begin(context, 1e-3);
    step.add_pass(context, images, {});
    step.finish(context);
    EXPECT_GT(context.arena().peak(MemoryClass::activations), std::size_t{1} << 30);
  }
}

// A data set of one picture in the layout of `dataset`, for every part that recipes name.
void make_data(const fs::path& root, const std::string& dataset) {
  const bool crowdpose = dataset == "crowdpose";
  const int keypoints = skeleton_by_name(dataset).size();
  std::vector<int> labels;
  for (int k = 0; k < keypoints; ++k) labels.insert(labels.end(), {300 + 5 * k, 150 + 10 * k, 2});
  fs::create_directories(root / (crowdpose ? "json" : "annotations"));
  const std::vector<std::string> parts =
      crowdpose ? std::vector<std::string>{"train", "val", "test"} : std::vector<std::string>{"train2017", "val2017"};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const fs::path pictures = root / (crowdpose ? "images" : parts[i]);
    fs::create_directories(pictures);
    const std::string file = fmt::format("{}.jpg", i + 1);
    fs::copy(one_picture_set() / "train/000000000785.jpg", pictures / file);
    const std::string json = fmt::format(
        R"({{"images":[{{"id":{0},"file_name":"{1}","width":640,"height":425,"crowdIndex":0.5}}],)"
        R"("annotations":[{{"id":{0},"image_id":{0},"category_id":1,"iscrowd":0,"keypoints":[{2}],)"
        R"("num_keypoints":{3},"area":9000,"bbox":[290,140,100,180]}}],"categories":[{{"id":1,"name":"person"}}]}})",
        i + 1, file, fmt::join(labels, ","), keypoints);
    write_file_atomically((crowdpose ? root / ("json/crowdpose_" + parts[i] + ".json")
                                     : root / ("annotations/person_keypoints_" + parts[i] + ".json"))
                              .string(),
                          json);
  }
}

constexpr std::string_view kTiny =
    " model.width=8 model.blocks=1 'model.modules=[1,1,1]' train.epochs=0 train.steps=2 'train.milestones=[]' "
    "train.batch=1 train.accumulate=2 train.input_size=64 eval.input_size=64 data.drop_last=false";

class RecipesCliTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string dataset : {"coco", "crowdpose"}) make_data(temporary_.path() / "data" / dataset, dataset);
  }
  ProgramResult run(const std::string& command) const { return run_shell(command, temporary_.path()); }

  TemporaryFolder temporary_;
};

// Two steps of two passes, an evaluation on the set that the recipe names, and the table that says so.
TEST_F(RecipesCliTest, EachTrainsAndSaysOnWhichSetItsCheckpointWasChosen) {
  for (const std::string& name : recipes()) {
    std::string run_name = name, init;
    std::ranges::replace(run_name, '/', '_');
    const bool begun = name.ends_with("_from_coco");  // with what the recipe for COCO has left by then
    if (begun) init = " model.init=coco_higherhrnet_w32_512/checkpoints/best.safetensors";
    const ProgramResult trained = run(fmt::format("posecu train {}{}{} --out {}", name, init, kTiny, run_name));
    ASSERT_EQ(trained.code, 0) << name << '\n' << trained.err;
    EXPECT_THAT(trained.err, HasSubstr(begun ? "left_shoulder" : "all weights begin fresh"));
    const bool crowdpose = name.starts_with("crowdpose/");
    EXPECT_THAT(trained.err, HasSubstr(crowdpose ? "chooses the best checkpoint on crowdpose test"
                                                 : "chooses the best checkpoint on coco val2017"));
    const ProgramResult table = run("posecu eval --quiet " + run_name);
    EXPECT_EQ(table.code, 0) << table.err;
    EXPECT_THAT(table.out, HasSubstr(crowdpose ? "chosen on crowdpose test: the set of this very table"
                                               : "chosen on coco val2017: the set of this very table"));
  }
}

TEST_F(RecipesCliTest, TheTestProtocolsRun) {
  ASSERT_EQ(run(fmt::format("posecu train coco/higherhrnet_w32_512{} --out run", kTiny)).code, 0);
  for (const std::string protocol : {"eval.flip=false", "eval.flip=true", "'eval.scales=[1,0.5,1.5]'",
                                     "eval.flip=false 'eval.scales=[0.5,1,1.5]'"}) {
    // 128: half of it is still a multiple of the network's coarsest stride.
    const ProgramResult result = run("posecu eval run --quiet eval.input_size=128 " + protocol);
    EXPECT_EQ(result.code, 0) << protocol << '\n' << result.err;
  }
}

}  // namespace
}  // namespace posecu
