#include "apps/evaluation.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "data/test_resize.h"
#include "data/warp.h"

namespace posecu {
namespace {

// One scale's maps, and what was made of them for decoding.
struct ScaleMaps {
  NetworkMaps maps;
  Tensor<float> heatmaps;
};

// The picture at one scale as the network sees it, and its mirror image: [1 or 2,h,w,3].
Tensor<float> network_input(Context& context, const Picture& picture, const TestGeometry& geometry, double factor,
                            FindOptions::Flip flip) {
  const Size size = scaled_size(geometry, factor);
  if (size.width % Network::kMultiple != 0 || size.height % Network::kMultiple != 0)
    throw UsageError(
        fmt::format("eval.scales: {} makes pictures of {}x{} pixels, which are no multiples of {}\n"
                    "  try: eval.scales=[0.5,1,1.5]",
                    factor, size.width, size.height, Network::kMultiple));
  const Picture resized = test_resize(context.stream(), picture, geometry, factor);
  Tensor<float> images = context.tensor<float>({flip == FindOptions::Flip::yes ? 2 : 1, size.height, size.width, 3});
  normalise(context.stream(), images.data(), resized, Mirror::no);
  if (flip == FindOptions::Flip::yes)
    normalise(context.stream(), images.data() + images.elements() / 2, resized, Mirror::yes);
  return images;
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
  options.decode.nms_kernel = config.integer("eval.nms_kernel");
  options.decode.max_people = config.integer("eval.max_people");
  options.decode.threshold = config.number("eval.threshold");
  options.decode.tag_distance = config.number("eval.tag_distance");
  if (!config.boolean("eval.adjust")) options.decode.adjustment = Adjustment::none;
  if (!config.boolean("eval.refine")) options.decode.refinement = Refinement::none;
  return options;
}

std::vector<Person> find_people(Context& context, Network& network, const Skeleton& skeleton, const Picture& picture,
                                const std::string& name, const FindOptions& options) {
  const TestGeometry geometry = test_geometry(picture.width, picture.height, options.input_size, name);
  std::vector<ScaleMaps> scales;
  std::vector<MapSource> sources;
  for (const double factor : options.scales) {
    const Tensor<float> images = network_input(context, picture, geometry, factor, options.flip);
    ScaleMaps& scale = scales.emplace_back();
    scale.maps = network.forward_inference(context, images);
    scale.heatmaps = inference_heatmaps(context, scale.maps);
    MapSource& source = sources.emplace_back();
    source.heatmaps = scale.heatmaps;
    if (factor == 1) source.embeddings = scale.maps.embeddings;  // official: of scale 1 only
  }
  const PictureFrame frame = frame_of(geometry);
  return to_picture(decode(context, sources, frame.base, skeleton, options.decode), frame);
}

std::optional<Detections> find_people(Context& context, Network& network, const DataSet& set,
                                      const FindOptions& options, const OnPicture& on_picture) {
  Detections detections;
  for (std::size_t i = 0; i < set.pictures.size(); ++i) {
    const PictureLabel& label = set.pictures[i];
    const Picture picture = read_picture(label.path);
    for (const Person& person : find_people(context, network, set.skeleton, picture, label.path, options))
      detections.list.push_back(detection_of(person, label.id, set.category_id));
    if (!on_picture(i + 1)) return std::nullopt;
  }
  return detections;
}

}  // namespace posecu
