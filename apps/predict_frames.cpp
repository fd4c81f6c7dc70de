#include "apps/predict_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "apps/output.h"
#include "apps/people_json.h"
#include "core/bounded_queue.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "data/frame_stream.h"
#include "pose/draw.h"

namespace posecu {
namespace {

constexpr std::size_t kAhead = 2;  // frames that wait to be computed, and to be written

struct FoundFrame {
  Picture picture;
  std::vector<Person> people;
};

// Peaks in the frame around the picture, which the network sees too, are nobody's keypoints: they are not drawn.
std::vector<Person> inside(std::span<const Person> people, const Picture& picture) {
  std::vector<Person> result(people.begin(), people.end());
  const auto width = static_cast<float>(picture.width), height = static_cast<float>(picture.height);
  for (Person& person : result)
    for (Keypoint& keypoint : person.keypoints)
      if (keypoint.x < 0 || keypoint.y < 0 || keypoint.x > width || keypoint.y > height) keypoint.score = -1;
  return result;
}

// Where frames go: a folder, or standard output as drawn PPM or JSON lines.
class FrameOutput {
 public:
  FrameOutput(const Arguments& arguments, const Config& config, const Skeleton& skeleton)
      : out_(arguments.value("--out").value_or("")),
        json_(arguments.given("--json")),
        config_(config),
        skeleton_(skeleton) {
    if (out_.empty() && !json_)
      throw UsageError(
          "predict: where to? --out DIR, --out - for drawn frames, or --json\n  try: posecu predict --help");
    if (out_ == "-" && json_)
      throw UsageError("predict: --out - and --json both write to standard output\n  try: --out DIR --json");
    if (out_.empty() || out_ == "-") return;
    make_folder(out_);
    lines_.open(out_ + "/people.jsonl");
    check_lines();
  }

  void write(FoundFrame frame) {
    ++written_;
    if (out_ != "-")
      write_line(people_json(fmt::format("frame-{:06}", written_), frame.picture, skeleton_, frame.people));
    if (out_.empty() || (out_ != "-" && config_.text("output.pictures") == "none")) return;
    draw_found(frame.picture, skeleton_, frame.people, config_);
    if (out_ == "-") {
      print(fmt::format("P6\n{} {}\n255\n", frame.picture.width, frame.picture.height));
      print({reinterpret_cast<const char*>(frame.picture.pixels.data()), frame.picture.pixels.size()});
      return flush_output();
    }
    const std::string base = fmt::format("{}/frame-{:06}", out_, written_);
    config_.text("output.pictures") == "png" ? write_png(base + ".png", frame.picture)
                                             : write_jpeg(base + ".jpg", frame.picture);
  }

 private:
  void write_line(const std::string& line) {
    if (json_) {
      print(line + '\n');
      flush_output();
    }
    if (out_.empty() || !config_.boolean("output.json")) return;
    lines_ << line << '\n' << std::flush;
    check_lines();
  }
  void check_lines() {
    if (!lines_) throw MachineError(fmt::format("{}/people.jsonl: cannot be written", out_));
  }

  std::string out_;
  bool json_;
  const Config& config_;
  const Skeleton& skeleton_;
  std::ofstream lines_;
  std::size_t written_ = 0;
};

// A thread that ends when its queue is closed, which its destructor does.
template <class T>
class Worker {
 public:
  template <class Work>
  Worker(BoundedQueue<T>& queue, Work work)
      : queue_(queue), thread_([this, work] {
          try {
            work();
            queue_.close();
          } catch (...) {
            queue_.close(std::current_exception());
          }
        }) {}
  ~Worker() {
    queue_.close();
    join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  BoundedQueue<T>& queue_;
  std::thread thread_;
};

}  // namespace

void draw_found(Picture& picture, const Skeleton& skeleton, std::span<const Person> people, const Config& config) {
  draw_people(
      picture, skeleton, inside(people, picture),
      {.min_score = config.number("output.min_score"),
       .refined = config.boolean("output.show_refined") ? DrawOptions::Refined::show : DrawOptions::Refined::hide});
}

void predict_frames(const Arguments& arguments, const Config& config, PeopleFinder& finder, const Skeleton& skeleton,
                    Progress& progress) {
  FrameOutput output(arguments, config, skeleton);
  FrameStream stream(stdin, "standard input");
  BoundedQueue<Picture> read(kAhead);
  BoundedQueue<FoundFrame> found(kAhead);
  const Worker reader(read, [&] {
    for (auto picture = stream.next(); picture && read.push(std::move(*picture)); picture = stream.next()) {
    }
  });
  Worker writer(found, [&] {
    while (auto frame = found.pop()) output.write(std::move(*frame));
  });

  const auto begin = std::chrono::steady_clock::now();
  const double least = config.number("output.min_score");
  std::size_t frames = 0, people = 0;
  double seconds = 0;
  std::exception_ptr failure;
  try {
    while (auto picture = read.pop()) {
      std::vector<Person> everybody = finder.find(*picture, fmt::format("standard input, frame {}", frames + 1));
      people += static_cast<std::size_t>(
          std::ranges::count_if(everybody, [least](const Person& person) { return person.score >= least; }));
      ++frames;
      if (!found.push({std::move(*picture), std::move(everybody)})) break;  // the writer's failure
      seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      if (progress.due())
        progress.show(fmt::format("frame {}, {:.1f} a second", frames, static_cast<double>(frames) / seconds));
    }
  } catch (...) {
    failure = std::current_exception();
  }
  found.close();  // what is in it is written first
  writer.join();
  while (found.pop()) {
  }  // throws the writer's failure
  if (failure) std::rethrow_exception(failure);
  if (frames == 0)
    throw InputError("standard input", "",
                     "there are no frames\n  try: ffmpeg -i VIDEO -f image2pipe -c:v ppm - | posecu predict ...");
  progress.message(fmt::format("{} of score {} or more in {}, {:.1f} frames a second", counted_people(people), least,
                               counted(frames, "frame", "frames"), static_cast<double>(frames) / seconds));
}

}  // namespace posecu
