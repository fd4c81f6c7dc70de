// `data stats` and `data browse`.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/data_sets.h"
#include "apps/data_verbs.h"
#include "apps/device.h"
#include "apps/exit_code.h"
#include "apps/output.h"
#include "apps/training_options.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "data/sample.h"
#include "data/stats.h"
#include "pose/draw_sample.h"

namespace posecu {
namespace {

using Json = nlohmann::ordered_json;

std::string percent(std::size_t part, std::size_t whole) {
  return fmt::format("{:5.1f} %", whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole));
}

// A bar of a histogram whose highest has 40 columns.
std::string bar(std::size_t count, std::size_t most) {
  return std::string(most == 0 ? 0 : (count * 40 + most - 1) / most, '#');
}

std::string format_scales(const DataStats& stats) {
  std::string text =
      fmt::format("\nscale of people (sqrt of the box's area / shorter side): {:.3f} to {:.3f}, half below {:.3f}\n",
                  stats.smallest_scale, stats.largest_scale, stats.median_scale);
  const std::size_t levels = stats.scale_levels.size(), most = std::ranges::max(stats.scale_levels);
  for (std::size_t m = 0; m < levels; ++m)
    text += fmt::format(
        "  level {:>2}, {:.3f} {:<8} {:>8} {} {}\n", m, static_cast<double>(m) / static_cast<double>(levels),
        m + 1 < levels ? fmt::format("to {:.3f}", static_cast<double>(m + 1) / static_cast<double>(levels))
                       : "and more",
        stats.scale_levels[m], percent(stats.scale_levels[m], stats.labelled_people), bar(stats.scale_levels[m], most));
  return text;
}

std::string format_people(const DataStats& stats) {
  std::string text = "\npeople a picture\n";
  const std::size_t most = stats.people_a_picture.empty() ? 0 : std::ranges::max(stats.people_a_picture);
  for (std::size_t n = 0; n < stats.people_a_picture.size(); ++n)
    if (stats.people_a_picture[n] > 0)
      text += fmt::format("  {:>3} {:>8} {} {}\n", n, stats.people_a_picture[n],
                          percent(stats.people_a_picture[n], stats.pictures), bar(stats.people_a_picture[n], most));
  return text;
}

std::string format_keypoints(const DataStats& stats) {
  std::string text = fmt::format("\n{:<18} {:>9} {:>9} {:>11}\n", "keypoints", "visible", "hidden", "unlabelled");
  for (const DataStats::KeypointCounts& k : stats.keypoints)
    text += fmt::format("  {:<16} {:>9} {:>9} {:>11}\n", k.name, k.visible, k.hidden, k.unlabelled);
  return text;
}

std::string format(const std::string& file, const DataStats& stats) {
  return fmt::format("{}: {}, {} of them with people\n{}, {} of them with labelled keypoints; {}\n", file,
                     counted_pictures(stats.pictures), stats.pictures_with_people, counted_people(stats.people),
                     stats.labelled_people, counted(stats.crowds, "crowd", "crowds")) +
         format_scales(stats) + format_people(stats) + format_keypoints(stats);
}

Json json_of(const std::string& file, const DataStats& stats) {
  Json keypoints = Json::array();
  for (const DataStats::KeypointCounts& k : stats.keypoints)
    keypoints.push_back({{"name", k.name}, {"visible", k.visible}, {"hidden", k.hidden}, {"unlabelled", k.unlabelled}});
  return {{"file", file},
          {"pictures", stats.pictures},
          {"pictures_with_people", stats.pictures_with_people},
          {"people", stats.people},
          {"labelled_people", stats.labelled_people},
          {"crowds", stats.crowds},
          {"smallest_scale", stats.smallest_scale},
          {"median_scale", stats.median_scale},
          {"largest_scale", stats.largest_scale},
          {"scale_levels", stats.scale_levels},
          {"people_a_picture", stats.people_a_picture},
          {"keypoints", std::move(keypoints)}};
}

std::size_t count_option(const Arguments& arguments) {
  const std::string text = arguments.value("--count").value_or("12");
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count == 0)
    throw UsageError(fmt::format("data browse: --count {}: expected a number from 1 on", text));
  return count;
}

// The same samples as in a training's first epoch; pictures evenly from the whole set. Says how many there were.
std::size_t browse(const DataSet& set, const Config& config, const std::string& folder, std::size_t count) {
  const SampleOptions options = loader_options(config, DeviceKind::cpu).sample;
  check_sample_options(options);
  std::vector<const PictureLabel*> pictures;
  for (const PictureLabel& picture : set.pictures)
    if (!picture.annotations.empty()) pictures.push_back(&picture);
  count = std::min(count, pictures.size());
  std::vector<float> image(static_cast<std::size_t>(options.input_size) * static_cast<std::size_t>(options.input_size) *
                           Picture::channels);
  for (std::size_t i = 0; i < count; ++i) {
    const PictureLabel& picture = *pictures[i * pictures.size() / count];
    const SampleLabels labels = make_sample(image.data(), read_sample(picture, set, 0, options));
    write_png((std::filesystem::path(folder) / fmt::format("{}.png", picture.id)).string(),
              draw_sample(image, options.input_size, labels, set.skeleton, config.number("loss.sigma")));
  }
  return count;
}

}  // namespace

int run_data_stats(const Arguments& arguments) {
  const Config config = data_config(arguments);
  const Skeleton skeleton = configured_skeleton(config);
  Json list = Json::array();
  std::string text;
  for (const SplitFiles& files : data_files(arguments, config)) {
    const DataSet set = read_annotations(files.annotations, files.pictures, skeleton);
    const DataStats stats = data_stats(set, config.integer("model.embedding_dim"));
    list.push_back(json_of(files.annotations, stats));
    if (!text.empty()) text += '\n';
    text += format(files.annotations, stats);
  }
  print(arguments.given("--json") ? Json{{"files", std::move(list)}}.dump() + "\n" : text);
  return kDone;
}

int run_data_browse(const Arguments& arguments) {
  const auto folder = arguments.value("--out");
  if (!folder) throw UsageError("data browse: --out DIR is missing\n  try: posecu data --help");
  const std::size_t count = count_option(arguments);
  const Config config = data_config(arguments);
  const SplitFiles files = data_files(arguments, config).front();
  if (files.pictures.empty()) throw UsageError("data browse: --pictures FOLDER is missing: where FILE.json's lie");
  const DataSet set = read_annotations(files.annotations, files.pictures, configured_skeleton(config));
  make_folder(*folder);
  print(fmt::format("{}: {} samples\n", *folder, browse(set, config, *folder, count)));
  return kDone;
}

}  // namespace posecu
