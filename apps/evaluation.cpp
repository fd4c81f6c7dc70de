#include "apps/evaluation.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/replay.h"

namespace posecu {
namespace {

constexpr std::size_t kMostPasses = 8;  // a data set's pictures have few proportions, and each pass keeps its memory

// One scale's maps, and what was made of them for decoding.
struct ScaleMaps {
  NetworkMaps maps;
  Tensor<float> heatmaps;
};

void check_size(Size size, double factor) {
  if (size.width % Network::kMultiple != 0 || size.height % Network::kMultiple != 0)
    throw UsageError(
        fmt::format("eval.scales: {} makes pictures of {}x{} pixels, which are no multiples of {}\n"
                    "  try: eval.scales=[0.5,1,1.5]",
                    factor, size.width, size.height, Network::kMultiple));
}

PictureFrame frame_of(const TestGeometry& geometry) {
  constexpr double kUnit = 200;  // TestGeometry::scale counts 200 pixels
  return {.base = {geometry.base.width, geometry.base.height},
          .centre_x = geometry.centre.x,
          .centre_y = geometry.centre.y,
          .step_x = geometry.scale.x * kUnit / geometry.base.width,
          .step_y = geometry.scale.y * kUnit / geometry.base.height};
}

Detection detection_of(const Person& person, std::int64_t picture_id, std::int64_t category_id) {
  Detection detection;
  detection.picture_id = picture_id, detection.category_id = category_id, detection.score = person.score;
  for (const Keypoint& keypoint : person.keypoints)
    detection.keypoints.insert(detection.keypoints.end(), {keypoint.x, keypoint.y, keypoint.score});
  detection.bbox = keypoint_box(detection.keypoints);
  return detection;
}

}  // namespace

FindOptions find_options(const Config& config) {
  FindOptions options;
  options.input_size = config.integer("eval.input_size");
  options.flip = config.boolean("eval.flip") ? FindOptions::Flip::yes : FindOptions::Flip::no;
  options.scales = config.numbers("eval.scales");
  if (config.boolean("data.tolerate_damage")) options.damaged = DamagedPicture::fill;
  options.decode.nms_kernel = config.integer("eval.nms_kernel");
  options.decode.max_people = config.integer("eval.max_people");
  options.decode.threshold = config.number("eval.threshold");
  options.decode.tag_distance = config.number("eval.tag_distance");
  if (!config.boolean("eval.adjust")) options.decode.adjustment = Adjustment::none;
  if (!config.boolean("eval.refine")) options.decode.refinement = Refinement::none;
  return options;
}

// What is computed for pictures of one size, at places that stay.
struct PeopleFinder::Pass {
  Pass(Context& context, BaseSize size) : base(size), replay(context) {}

  BaseSize base;
  std::vector<Tensor<float>> images;  // of each scale
  std::vector<ScaleMaps> scales;
  std::optional<SearchedMaps> searched;
  Replay replay;
};

PeopleFinder::PeopleFinder(Context& context, Network& network, const Skeleton& skeleton, const FindOptions& options)
    : context_(context),
      network_(network),
      skeleton_(skeleton),
      options_(options),
      picture_(context,
               options.flip == FindOptions::Flip::yes ? TestPicture::Mirrored::yes : TestPicture::Mirrored::no) {}

PeopleFinder::~PeopleFinder() = default;

std::vector<Person> PeopleFinder::find(const Picture& picture, const std::string& name) {
  send(picture, name);
  return find_sent({});
}

void PeopleFinder::send(const Picture& picture, const std::string& name) {
  geometry_ = test_geometry(picture.width, picture.height, options_.input_size, name);
  for (const double factor : options_.scales) check_size(scaled_size(geometry_, factor), factor);
  picture_.send(picture, geometry_, options_.scales);
}

std::vector<Person> PeopleFinder::find_sent(const std::function<void()>& meanwhile) {
  const PictureFrame frame = frame_of(geometry_);
  picture_.receive();
  Pass* found = nullptr;
  try {
    found = &run_pass();
  } catch (const MachineError&) {
    if (passes_.size() <= 1) throw;
    passes_.clear();  // they may hold the memory that was missing
    found = &run_pass();
  }
  const Pass& pass = *found;
  picture_.release();
  if (meanwhile) meanwhile();
  const std::vector<Person> people = finish_decoding(context_, *pass.searched, skeleton_, options_.decode);
  if (!context_.graphs()) passes_.clear();
  return to_picture(people, frame);
}

PeopleFinder::Pass& PeopleFinder::run_pass() {
  Pass& pass = pass_for(geometry_);
  for (std::size_t i = 0; i < pass.images.size(); ++i) picture_.make(pass.images[i], i);
  pass.replay.run([&] { compute(pass); });
  return pass;
}

PeopleFinder::Pass& PeopleFinder::pass_for(const TestGeometry& geometry) {
  const auto found =
      std::ranges::find_if(passes_, [&](const Pass& pass) { return pass.base == frame_of(geometry).base; });
  if (found != passes_.end()) {
    passes_.splice(passes_.begin(), passes_, found);
    return passes_.front();
  }
  if (passes_.size() == kMostPasses) passes_.pop_back();
  Pass& pass = passes_.emplace_front(context_, frame_of(geometry).base);
  for (const double factor : options_.scales) {
    const Size size = scaled_size(geometry, factor);
    pass.images.push_back(context_.tensor<float>({picture_.sides(), size.height, size.width, 3}));
  }
  return pass;
}

void PeopleFinder::compute(Pass& pass) {
  pass.searched.reset();
  pass.scales.clear();
  std::vector<MapSource> sources;
  for (std::size_t i = 0; i < pass.images.size(); ++i) {
    ScaleMaps& scale = pass.scales.emplace_back();
    scale.maps = network_.forward_inference(context_, pass.images[i]);
    scale.heatmaps = inference_heatmaps(context_, scale.maps);
    MapSource& source = sources.emplace_back();
    source.heatmaps = scale.heatmaps;
    if (options_.scales[i] == 1) source.embeddings = scale.maps.embeddings;  // official: of scale 1 only
  }
  pass.searched = search_maps(context_, sources, pass.base, skeleton_, options_.decode);
}

std::optional<Detections> find_people(Context& context, Network& network, const DataSet& set,
                                      const FindOptions& options, const OnPicture& on_picture) {
  PeopleFinder finder(context, network, set.skeleton, options);
  Detections detections;
  Picture next;  // has been sent
  const auto send = [&](std::size_t i) {
    if (i == set.pictures.size()) return;
    next = read_picture(set.pictures[i], options.damaged);
    finder.send(next, set.pictures[i].path);
  };
  send(0);
  for (std::size_t i = 0; i < set.pictures.size(); ++i) {
    for (const Person& person : finder.find_sent([&] { send(i + 1); }))
      detections.list.push_back(detection_of(person, set.pictures[i].id, set.category_id));
    if (!on_picture(i + 1)) return std::nullopt;
  }
  return detections;
}

std::optional<ScoreTable> score_network(Context& context, Network& network, const DataSet& set,
                                        const GroundTruth& truth, const Config& config, const OnPicture& on_picture) {
  const auto found = find_people(context, network, set, find_options(config), on_picture);
  if (!found) return std::nullopt;
  const Evaluator evaluator = evaluator_by_name(config.text("eval.evaluator"));
  return evaluate(truth, *found, options_for(truth, evaluator, set.skeleton.sigmas));
}

}  // namespace posecu
