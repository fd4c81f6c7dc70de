// How fast annotation and results files are read, and a results file is scored.
//
//   annotations_bench [MEGABYTES] [ANNOTATIONS RESULTS]
//
// Makes a file as large as COCO's person_keypoints_train2017.json (default 240 MB), fields and polygons as there, in
// the temporary folder, and reads it: for training, and for scoring. With two files (bench/score_set.py) it reads and
// scores those. Processor time of one thread, from the opened file to the finished set: of the first reading, which
// gets its memory from the system, and the least of five more, which find it there.
#include <fmt/format.h>
#include <malloc.h>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>

#include "bench/thread_time.h"
#include "core/file.h"
#include "core/random.h"
#include "data/annotations.h"
#include "pose/evaluate.h"
#include "pose/ground_truth.h"
#include "pose/results.h"

namespace {

using namespace posecu;
namespace fs = std::filesystem;

constexpr int kRepetitions = 5;

// What the work gives is let go after its time.
template <class Work>
double seconds_of(const Work& work) {
  const double begin = thread_seconds();
  const auto result = work();
  return thread_seconds() - begin;
}

template <class Work>
double least_seconds(const Work& work) {
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kRepetitions; ++i) least = std::min(least, seconds_of(work));
  return least;
}

template <class Read>
void report_reading(const std::string& what, double bytes, const Read& read) {
  malloc_trim(0);
  for (const auto& [time, seconds] : {std::pair("first", seconds_of(read)), std::pair("again", least_seconds(read))})
    fmt::print("{:<44} {}  {:8.3f} s  {:6.2f} GB/s\n", what, time, seconds, bytes / 1e9 / seconds);
}

// One picture and one person, spelled as COCO's own files are.
void append(std::string& pictures, std::string& people, int i) {
  Random random(1, 0, static_cast<std::uint64_t>(i), RandomPurpose::test);
  const char* comma = i == 0 ? "" : ",";
  pictures += fmt::format(
      R"({0}{{"license": 4,"file_name": "{1:012}.jpg","coco_url": "http://images.cocodataset.org/{1:012}.jpg",)"
      R"("height": 480,"width": 640,"date_captured": "2013-11-14 17:02:52","id": {1}}})",
      comma, i);
  people += fmt::format(R"({}{{"segmentation": [[)", comma);
  const int points = 8 + random.below(60);
  for (int k = 0; k < 2 * points; ++k)
    people += fmt::format("{}{}.{:02}", k == 0 ? "" : ",", random.below(640), random.below(100));
  people += R"(]],"num_keypoints": 12,"area": 47803.27955,"iscrowd": 0,"keypoints": [)";
  for (int k = 0; k < 17; ++k) {
    const bool labelled = random.below(100) < 60;
    people += k == 0 ? "" : ",";
    people += labelled ? fmt::format("{},{},2", random.below(640), random.below(480)) : "0,0,0";
  }
  people += fmt::format(R"(],"image_id": {},"bbox": [73.35,206.02,300.58,372.5],"category_id": 1,"id": {}}})", i, i);
}

std::string annotation_text(std::size_t bytes) {
  std::string pictures, people;
  for (int i = 0; pictures.size() + people.size() < bytes; ++i) append(pictures, people, i);
  return fmt::format(R"({{"images": [{}],"annotations": [{}],"categories": [{{"id": 1,"name": "person"}}]}})", pictures,
                     people);
}

void bench_annotations(std::size_t megabytes) {
  const std::string path = fs::temp_directory_path() / "posecu_annotations_bench.json";
  const std::string text = annotation_text(megabytes * 1'000'000);
  write_file_atomically(path, text);
  const auto bytes = static_cast<double>(text.size());
  report_reading(fmt::format("{:.0f} MB of annotations, for training", bytes / 1e6), bytes,
                 [&] { return read_annotations(path, "", coco_skeleton()); });
  report_reading("the same, for scoring", bytes, [&] { return read_ground_truth(path); });
  fs::remove(path);
}

void bench_score(const std::string& annotations, const std::string& results) {
  const auto bytes = [](const std::string& path) { return static_cast<double>(fs::file_size(path)); };
  report_reading(annotations, bytes(annotations), [&] { return read_ground_truth(annotations); });
  report_reading(results, bytes(results), [&] { return read_results(results); });
  const GroundTruth truth = read_ground_truth(annotations);
  const Detections detections = read_results(results);
  const EvaluateOptions options = options_for(truth, Evaluator::pycocotools);
  fmt::print("{:<44} {:8.3f} s\n", "scoring", least_seconds([&] { return evaluate(truth, detections, options); }));
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());  // what was freed stays here
  if (argc > 3)
    bench_score(argv[2], argv[3]);
  else
    bench_annotations(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 240);
}
