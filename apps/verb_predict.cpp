#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "apps/device.h"
#include "apps/evaluation.h"
#include "apps/exit_code.h"
#include "apps/model.h"
#include "apps/output.h"
#include "apps/people_json.h"
#include "apps/predict_frames.h"
#include "apps/progress.h"
#include "apps/verbs.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;

constexpr auto kExamples = std::to_array<Example>({
    {"posecu predict runs/first photos --out found",
     "draws the people in a folder's pictures, and writes them as JSON"},
    {"posecu predict runs/first a.jpg b.jpg --out found output.min_score=0.4 output.show_refined=true",
     "draws only surer keypoints, and those that refinement filled in too"},
    {"posecu predict runs/first photos --json", "only JSON, one picture a line, on standard output"},
    {"cat frames.ppm | posecu predict runs/first - --out - > drawn.ppm",
     "draws every frame of a stream: ffmpeg -i VIDEO -f image2pipe -c:v ppm - | ... | ffmpeg -f image2pipe -c:v ppm -i "
     "- OUT"},
});

constexpr auto kOptions = std::to_array<OptionHelp>({
    {"--out", "DIR", "Folder for drawn pictures and JSON files (output.pictures, output.json); - with INPUT -."},
    {"--json", "", "JSON on standard output too, one line a picture; then --out may be left out."},
    kConfigOption,
    kMaxModelBytesOption,
    kAllowNonFiniteOption,
    kDeviceOption,
    kNoGraphOption,
    kTunedOption,
    kThreadsOption,
    kQuietOption,
});

bool is_picture_name(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr auto kExtensions = std::to_array<std::string_view>({".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm"});
  return std::ranges::find(kExtensions, extension) != kExtensions.end();
}

// Pictures as named, those of a folder by name.
std::vector<std::string> list_pictures(std::span<const std::string> inputs) {
  std::vector<std::string> pictures;
  for (const std::string& input : inputs) {
    if (!fs::is_directory(input)) {
      pictures.push_back(input);
      continue;
    }
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(input))
      if (entry.is_regular_file() && is_picture_name(entry.path())) found.push_back(entry.path().string());
    if (found.empty()) throw InputError(input, "", "no pictures in this folder (JPEG, PNG, BMP, PPM, PGM)");
    std::ranges::sort(found);
    pictures.insert(pictures.end(), found.begin(), found.end());
  }
  return pictures;
}

bool reads_frames(const std::vector<std::string>& words) {
  const bool frames = std::find(words.begin() + 1, words.end(), "-") != words.end();
  if (frames && words.size() > 2) throw UsageError("predict: - (frames on standard input) stands alone");
  return frames;
}

// What is written for a picture, under its name without folder and extension.
class PredictOutput {
 public:
  PredictOutput(const Arguments& arguments, const Config& config, const std::vector<std::string>& pictures)
      : folder_(arguments.value("--out")), json_lines_(arguments.given("--json")), config_(config) {
    if (!folder_ && !json_lines_) throw UsageError("predict: --out DIR is missing\n  try: posecu predict --help");
    if (folder_) check_names(pictures);
    if (folder_) make_folder(*folder_);
  }

  void write(const std::string& file, Picture& picture, const Skeleton& skeleton,
             std::span<const Person> people) const {
    const std::string json = people_json(file, picture, skeleton, people);
    if (json_lines_) print(json + '\n');
    if (!folder_) return;
    const std::string base = (fs::path(*folder_) / fs::path(file).stem()).string();
    if (config_.boolean("output.json")) write_file_atomically(base + ".json", json + '\n');
    const std::string& kind = config_.text("output.pictures");
    if (kind == "none") return;
    draw_found(picture, skeleton, people, config_);
    kind == "png" ? write_png(base + ".png", picture) : write_jpeg(base + ".jpg", picture);
  }

 private:
  void check_names(const std::vector<std::string>& pictures) const {
    std::map<fs::path, std::string> taken;
    for (const std::string& picture : pictures) {
      const auto [other, fresh] = taken.emplace(fs::path(picture).stem(), picture);
      if (!fresh)
        throw UsageError(fmt::format("predict: {} and {} would both be drawn as {}\n  try: one --out for each",
                                     other->second, picture, (fs::path(*folder_) / other->first).string()));
    }
    std::error_code ignored;
    for (const std::string& picture : pictures)
      if (fs::equivalent(fs::path(picture).parent_path() / ".", *folder_, ignored))
        throw UsageError(
            fmt::format("predict: --out {} holds the input {}: it could be overwritten", *folder_, picture));
  }

  std::optional<std::string> folder_;
  bool json_lines_;
  const Config& config_;
};

void predict_pictures(const std::vector<std::string>& pictures, const PredictOutput& output, const Config& config,
                      PeopleFinder& finder, const Skeleton& skeleton, Progress& progress) {
  const double least = config.number("output.min_score");
  std::size_t done = 0, people = 0, unreadable = 0;
  for (const std::string& file : pictures) try {
      Picture picture = read_picture(file);
      const std::vector<Person> found = finder.find(picture, file);
      progress.clear();
      output.write(file, picture, skeleton, found);
      ++done;
      people +=
          static_cast<std::size_t>(std::ranges::count_if(found, [&](const Person& p) { return p.score >= least; }));
      if (progress.due()) progress.show(fmt::format("picture {}/{}", done, pictures.size()));
    } catch (const InputError& error) {
      if (pictures.size() == 1) throw;
      progress.message(fmt::format("posecu: {}", error.what()));
      ++unreadable;
    }
  progress.message(fmt::format("{} of score {} or more in {}", counted_people(people), least, counted_pictures(done)));
  if (unreadable > 0)
    throw InputError("predict", "", fmt::format("{} of {} pictures could not be read", unreadable, pictures.size()));
}

}  // namespace

const VerbHelp kPredictHelp{
    .usage = "MODEL INPUT... --out DIR [key=value...] [--options]",
    .examples = kExamples,
    .options = kOptions,
    .least_words = 2,
    .most_words = 1 << 30,
    .overrides = VerbHelp::Overrides::accepted,
    .text =
        "INPUT is a picture or a folder of pictures. DIR gets NAME.png (or .jpg) and NAME.json for each. A picture\n"
        "that cannot be read is told, and the others go on; then the exit code is 3.\n"
        "INPUT - is standard input: frames of a video as binary PPM, one after another. DIR gets frame-000001.png and\n"
        "so on, and people.jsonl with a line for each; --out - writes drawn frames to standard output, as PPM."};

int run_predict(const Arguments& arguments) {
  const ResolvedModel model = resolve_model(arguments.words()[0], arguments.value("--config"), arguments.overrides(),
                                            weights_limits(arguments));
  const Skeleton skeleton = skeleton_of(model);
  const FindOptions options = find_options(model.config);
  const bool frames = reads_frames(arguments.words());
  const std::vector<std::string> pictures =
      frames ? std::vector<std::string>{} : list_pictures(std::span(arguments.words()).subspan(1));
  std::optional<PredictOutput> output;
  if (!frames) output.emplace(arguments, model.config, pictures);
  Context context(context_options(arguments));
  take_tuned_plans(context, arguments);
  LoadedNetwork loaded(context, model);
  PeopleFinder finder(context, loaded.network(), skeleton, options);
  Progress progress(chatter(arguments));
  progress.message(loaded.coverage());
  if (frames) {
    predict_frames(arguments, model.config, finder, skeleton, progress);
  } else {
    predict_pictures(pictures, *output, model.config, finder, skeleton, progress);
  }
  return kDone;
}

}  // namespace posecu
