#include "tests/training/tiny_run.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "data/picture.h"
#include "data/skeleton.h"
#include "tests/support/device.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int kWidth = 60, kHeight = 48, kInputSize = 64;

Picture draw_picture(Random& random) {
  Picture picture{kWidth, kHeight, std::vector<std::uint8_t>(std::size_t{3} * kWidth * kHeight)};
  for (std::uint8_t& value : picture.pixels) value = static_cast<std::uint8_t>(random.below(256));
  return picture;
}

Json draw_person(Random& random, int id, int picture_id) {
  Json keypoints = Json::array();
  for (int k = 0; k < coco_skeleton().size(); ++k) {
    keypoints.push_back(random.below(kWidth));
    keypoints.push_back(random.below(kHeight));
    keypoints.push_back(random.below(3));
  }
  return {{"id", id},
          {"image_id", picture_id},
          {"category_id", 1},
          {"iscrowd", 0},
          {"keypoints", keypoints},
          {"bbox", {5, 5, 20 + random.below(20), 30}},
          {"area", 500 + random.below(200)}};
}

// Something that depends on every weight, through the network's inference form: rises and falls as training goes on.
double score_of(Context& context, Network& network) {
  const auto image = uploaded(context, {1, kInputSize, kInputSize, 3},
                              std::vector<float>(std::size_t{3} * kInputSize * kInputSize, 0.5F));
  network.prepare_inference(context);
  const NetworkMaps maps = network.forward_inference(context, image);
  double sum = 0;
  for (const float value : context.download<float>(maps.low)) sum += value;
  return std::sin(sum);
}

}  // namespace

DataSet make_tiny_data(const std::string& folder, int pictures) {
  Random random(3, 0, 0, RandomPurpose::test);
  Json images = Json::array(), annotations = Json::array();
  fs::create_directories(folder);
  for (int id = 1; id <= pictures; ++id) {
    const std::string name = std::to_string(id) + ".png";
    write_png(folder + '/' + name, draw_picture(random));
    images.push_back({{"id", id}, {"file_name", name}, {"width", kWidth}, {"height", kHeight}});
    for (int people = 1 + random.below(3); people > 0; --people)
      annotations.push_back(draw_person(random, static_cast<int>(annotations.size()) + 1, id));
  }
  const std::string file = folder + "/annotations.json";
  const Json categories = {{{"id", 1}, {"name", "person"}}};
  std::ofstream(file) << Json{{"images", images}, {"annotations", annotations}, {"categories", categories}};
  return read_annotations(file, folder, coco_skeleton());
}

TrainOptions tiny_train_options() {
  return {.timetable = {.length = 12, .milestones = {7, 9}, .eval_every = 5, .save_every = 3, .warmup_steps = 4},
          .adam = {},
          .keep = 2};
}

NetworkOptions tiny_network(Head head, int keypoints) {
  return {.head = head, .width = 8, .blocks = 1, .modules = {1, 1, 1}, .keypoints = keypoints, .embedding_dim = 2};
}

TinyResult train_tiny(const DataSet& data, const std::string& run, const TinyOptions& options) {
  Context context(test_context_options({.threads = options.compute_threads, .memory = std::size_t{1} << 30}));
  Parameters parameters;
  Network network(parameters, tiny_network(options.head, data.skeleton.size()), options.precision);
  parameters.allocate(context, Parameters::Gradients::allocate);
  parameters.initialise(5);
  Losses losses(LossOptions{});
  const bool higher = options.head == Head::higherhrnet;
  Loader loader(data, {.batch = 2,
                       .sample = {.input_size = kInputSize,
                                  .strides = higher ? std::vector<int>{4, 2} : std::vector<int>{4},
                                  .augment = {},
                                  .seed = 11},
                       .threads = options.loader_threads});

  const bool resumed = is_run_folder(run);
  const RunFolder folder(run, resumed ? RunFolder::Start::resumed : RunFolder::Start::fresh);
  folder.write({"seed = 11\n", "name = \"coco\"\n", "posecu train", "a test\n"});

  TinyResult result;
  bool stop = false;
  std::int64_t step = 0;
  const TrainCallables callables{
      .evaluate = [&]() -> std::optional<Evaluation> {
        const double score = score_of(context, network);
        if (step == options.stop_evaluation_at) {
          stop = true;
          return {};
        }
        return Evaluation{score, {{"AP", score}, {"AR", 1 - score}}};
      },
      .on_step =
          [&](const TrainProgress& progress) {
            step = progress.step;
            result.progress.push_back(progress);
            if (options.damage) options.damage(step, parameters);
            if (options.before_next) options.before_next(step);
          },
      .on_evaluation = [&](const EvaluationReport& report) { result.evaluations.push_back(report); },
      .on_message = [&](const std::string& message) { result.messages.push_back(message); },
      .stop_requested = [&] { return stop || step == options.stop_after; }};
  result.end =
      train(context, network, parameters, losses, loader, folder, {"seed = 11\n", "coco"}, options.train, callables);
  return result;
}

}  // namespace posecu
