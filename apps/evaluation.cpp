#include "apps/evaluation.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace posecu {
namespace {

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

PeopleFinder::PeopleFinder(Context& context, Network& network, const Skeleton& skeleton, const FindOptions& options)
    : context_(context),
      network_(network),
      skeleton_(skeleton),
      options_(options),
      picture_(context,
               options.flip == FindOptions::Flip::yes ? TestPicture::Mirrored::yes : TestPicture::Mirrored::no) {}

std::vector<Person> PeopleFinder::find(const Picture& picture, const std::string& name) {
  const TestGeometry geometry = test_geometry(picture.width, picture.height, options_.input_size, name);
  for (const double factor : options_.scales) check_size(scaled_size(geometry, factor), factor);
  picture_.send(picture, geometry, options_.scales);
  picture_.receive();
  std::vector<ScaleMaps> scales;
  std::vector<MapSource> sources;
  for (std::size_t i = 0; i < options_.scales.size(); ++i) {
    const Size size = scaled_size(geometry, options_.scales[i]);
    const Tensor<float> images = context_.tensor<float>({picture_.sides(), size.height, size.width, 3});
    picture_.make(images, i);
    ScaleMaps& scale = scales.emplace_back();
    scale.maps = network_.forward_inference(context_, images);
    scale.heatmaps = inference_heatmaps(context_, scale.maps);
    MapSource& source = sources.emplace_back();
    source.heatmaps = scale.heatmaps;
    if (options_.scales[i] == 1) source.embeddings = scale.maps.embeddings;  // official: of scale 1 only
  }
  picture_.release();
  const PictureFrame frame = frame_of(geometry);
  return to_picture(decode(context_, sources, frame.base, skeleton_, options_.decode), frame);
}

std::optional<Detections> find_people(Context& context, Network& network, const DataSet& set,
                                      const FindOptions& options, const OnPicture& on_picture) {
  PeopleFinder finder(context, network, set.skeleton, options);
  Detections detections;
  for (std::size_t i = 0; i < set.pictures.size(); ++i) {
    const PictureLabel& label = set.pictures[i];
    for (const Person& person : finder.find(read_picture(label, options.damaged), label.path))
      detections.list.push_back(detection_of(person, label.id, set.category_id));
    if (!on_picture(i + 1)) return std::nullopt;
  }
  return detections;
}

}  // namespace posecu
