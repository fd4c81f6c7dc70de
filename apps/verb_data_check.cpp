#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apps/data_sets.h"
#include "apps/data_verbs.h"
#include "apps/device.h"
#include "apps/exit_code.h"
#include "apps/output.h"
#include "apps/progress.h"
#include "core/context.h"
#include "core/counted.h"
#include "core/thread_pool.h"
#include "data/check.h"

namespace posecu {
namespace {

using Json = nlohmann::ordered_json;

struct CheckedFile {
  std::string file;
  std::size_t pictures = 0, people = 0;
  std::vector<Problem> problems;
};

// Pictures in groups: a group's pictures are read side by side, reports are joined in the order of the file.
void check_pictures(CheckReport& report, const DataSet& set, int threads, Progress& progress) {
  constexpr std::size_t kGroup = 64;
  ThreadPool pool(threads);
  for (std::size_t first = 0; first < set.pictures.size(); first += kGroup) {
    std::vector<CheckReport> reports(std::min(kGroup, set.pictures.size() - first));
    pool.parallel(static_cast<unsigned>(reports.size()),
                  [&](unsigned i) { reports[i] = check_picture(set, set.pictures[first + i]); });
    for (const CheckReport& one : reports) report.add(one);
    if (progress.due()) progress.show(fmt::format("picture {}/{}", first + reports.size(), set.pictures.size()));
  }
  progress.clear();
}

CheckedFile check_file(const SplitFiles& files, const Skeleton& skeleton, const Arguments& arguments) {
  Progress progress(chatter(arguments));
  const auto threads = static_cast<int>(
      whole_number("--threads", arguments.value("--threads").value_or(std::to_string(usable_cores())), 1, 1024));
  const DataSet set = read_usable_annotations(files.annotations, files.pictures, skeleton);
  CheckReport report = check_labels(set);
  if (!files.pictures.empty() && !arguments.given("--labels-only")) check_pictures(report, set, threads, progress);
  CheckedFile checked{files.annotations, set.pictures.size(), 0, report.problems()};
  for (const PictureLabel& picture : set.pictures) checked.people += picture.annotations.size();
  return checked;
}

std::string format(const CheckedFile& file) {
  std::string text =
      fmt::format("{}: {}, {}\n", file.file, counted_pictures(file.pictures), counted_people(file.people));
  for (const Problem& problem : file.problems) {
    text += fmt::format("\n{}: {}\n  training: {}\n", title_of(problem.kind), problem.count, effect_of(problem.kind));
    for (const Problem::Place& place : problem.places)
      text += place.what.empty() ? fmt::format("    {}\n", place.where)
                                 : fmt::format("    {}: {}\n", place.where, place.what);
    if (problem.count > problem.places.size())
      text += fmt::format("    ... and {} more\n", problem.count - problem.places.size());
  }
  return text + (file.problems.empty() ? "no problem found\n" : "");
}

Json json_of(const CheckedFile& file) {
  Json problems = Json::array();
  for (const Problem& problem : file.problems) {
    Json places = Json::array();
    for (const Problem::Place& place : problem.places) places.push_back({{"where", place.where}, {"what", place.what}});
    problems.push_back({{"problem", title_of(problem.kind)},
                        {"count", problem.count},
                        {"training", effect_of(problem.kind)},
                        {"places", std::move(places)}});
  }
  return {{"file", file.file}, {"pictures", file.pictures}, {"people", file.people}, {"problems", std::move(problems)}};
}

}  // namespace

int run_data_check(const Arguments& arguments) {
  const Config config = data_config(arguments);
  const Skeleton skeleton = configured_skeleton(config);
  bool found = false;
  Json list = Json::array();
  std::string text;
  for (const SplitFiles& files : data_files(arguments, config)) {
    const CheckedFile checked = check_file(files, skeleton, arguments);
    found = found || !checked.problems.empty();
    list.push_back(json_of(checked));
    if (!text.empty()) text += '\n';
    text += format(checked);
  }
  print(arguments.given("--json")
            ? Json{{"files", std::move(list)}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
            : text);
  return found ? kInput : kDone;
}

}  // namespace posecu
