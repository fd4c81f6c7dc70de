#include "data/synth_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>

#include "core/error.h"
#include "core/file.h"
#include "core/thread_pool.h"
#include "data/picture_formats.h"
#include "data/synth_json.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;

constexpr int kJpegQuality = 92;
constexpr int kChunk = 256;  // pictures whose labels are in memory at a time

// Ids do not depend on how many pictures there are.
std::int64_t picture_id(std::size_t split, int index) {
  return static_cast<std::int64_t>(split) * kMostSynthPictures + index + 1;
}
constexpr std::int64_t kMostPeople = 100;  // a picture

std::string_view preset_name(SynthPreset preset) {
  return preset == SynthPreset::easy ? "easy" : preset == SynthPreset::varied ? "varied" : "crowd";
}

// A folder that was empty, or was not there, and is so again unless it is kept.
class FreshFolder {
 public:
  explicit FreshFolder(const std::string& path) : path_(path), made_(!fs::exists(path)) {
    if (!made_ && !fs::is_directory(path))
      throw UsageError(fmt::format("--out {}: is a file, expected a folder", path));
    if (!made_ && !fs::is_empty(path))
      throw UsageError(fmt::format("--out {}: the folder is not empty\n  try: another one, or empty it", path));
  }
  ~FreshFolder() {
    std::error_code ignored;
    if (kept_) return;
    for (const fs::path& name : names_) fs::remove_all(name, ignored);
    if (made_) fs::remove(path_, ignored);
  }
  FreshFolder(const FreshFolder&) = delete;
  FreshFolder& operator=(const FreshFolder&) = delete;

  // A folder below; may exist from an earlier call.
  std::string below(const std::string& name) {
    const fs::path path = path_ / name;
    make_folder(path.string());
    names_.push_back(path);
    return path.string();
  }
  void keep() { kept_ = true; }

 private:
  fs::path path_;
  bool made_, kept_ = false;
  std::vector<fs::path> names_;
};

// What a picture adds to the annotation file.
struct Labels {
  std::string picture, people;
  int labelled = 0, all = 0;
};

class SplitWriter {
 public:
  SplitWriter(const SynthSetOptions& options, std::size_t split, FreshFolder& folder)
      : options_(options),
        split_(split),
        pictures_(folder.below(crowdpose() ? "images" : name())),
        annotations_(crowdpose() ? fmt::format("{}/crowdpose_{}.json", folder.below("json"), name())
                                 : fmt::format("{}/person_keypoints_{}.json", folder.below("annotations"), name())) {
    const SynthOptions& drawn = options.pictures;
    annotations_.write(fmt::format(
        R"({{"info":{{"description":"people drawn by posecu data synth: preset {}, seed {}, split {}, {} x {}"}},)"
        "\n"
        R"("categories":[{}],)"
        "\n"
        R"("annotations":[)",
        preset_name(drawn.preset), drawn.seed, name(), drawn.width, drawn.height, category_text(options.layout)));
  }

  int pictures() const { return options_.splits[split_].pictures; }

  // Any thread; `canvas` is its own.
  Labels write_picture(int index, Canvas& canvas) const {
    const SynthPicture drawn = draw_picture(options_.pictures, name(), index, canvas);
    const std::int64_t id = picture_id(split_, index);
    const std::string file_name = fmt::format("{:012}.jpg", id);
    const std::vector<std::uint8_t> jpeg = encode_jpeg(drawn.picture, kJpegQuality);
    write_file(pictures_ + "/" + file_name, std::as_bytes(std::span(jpeg)));
    Labels labels;
    labels.picture = fmt::format(R"({{"id":{},"file_name":"{}","width":{},"height":{})", id, file_name,
                                 drawn.picture.width, drawn.picture.height);
    if (crowdpose()) labels.picture += fmt::format(R"(,"crowdIndex":{:.2f})", crowd_index(drawn.people));
    labels.picture += '}';
    for (const SynthPerson& person : drawn.people) {
      labels.people += (labels.people.empty() ? "\n" : ",\n") +
                       person_text(person, options_.layout, id, kMostPeople * id + ++labels.all);
      labels.labelled += count_keypoints(person, options_.layout) > 0;
    }
    return labels;
  }

  // In the order of pictures.
  void add(const Labels& labels) {
    if (!labels.people.empty()) annotations_.write((any_people_ ? "," : "") + labels.people);
    any_people_ |= !labels.people.empty();
    listed_ += (listed_.empty() ? "\n" : ",\n") + labels.picture;
  }

  void write_rest() { annotations_.write("],\n\"images\":[" + listed_ + "]}\n"); }
  void commit() { annotations_.commit(); }

 private:
  bool crowdpose() const { return options_.layout == SynthLayout::crowdpose; }
  const std::string& name() const { return options_.splits[split_].name; }

  const SynthSetOptions& options_;
  std::size_t split_;
  std::string pictures_;
  AtomicFile annotations_;
  std::string listed_;
  bool any_people_ = false;
};

// Numbers handed out to threads; the first failure, or a wish to stop, ends it.
class Work {
 public:
  Work(int begin, int end) : next_(begin), end_(end) {}

  std::optional<int> take() {
    const int taken = stopped_ ? end_ : next_.fetch_add(1);
    return taken < end_ ? std::optional(taken) : std::nullopt;
  }
  void stop() { stopped_ = true; }
  void fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    stop();
  }
  bool finish() const {  // throws the failure; whether nobody stopped it
    if (failure_) std::rethrow_exception(failure_);
    return !stopped_;
  }

 private:
  std::atomic<int> next_;
  int end_;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

class SetWriter {
 public:
  SetWriter(const SynthSetOptions& options, const SynthProgress& progress)
      : options_(options), progress_(progress), pool_(options.threads) {}

  // Whether nobody stopped it.
  bool write(SplitWriter& split) {
    for (int begin = 0; begin < split.pictures(); begin += kChunk)
      if (!write(split, begin, std::min(begin + kChunk, split.pictures()))) return false;
    split.write_rest();
    return true;
  }

  const SynthSetSize& size() const { return size_; }

 private:
  bool write(SplitWriter& split, int begin, int end) {
    std::vector<Labels> labels(static_cast<std::size_t>(end - begin));
    Work work(begin, end);
    pool_.parallel(static_cast<unsigned>(options_.threads), [&](unsigned) {
      try {
        Canvas canvas(options_.pictures.width, options_.pictures.height);
        while (const auto index = work.take()) {
          labels[static_cast<std::size_t>(*index - begin)] = split.write_picture(*index, canvas);
          if (!count_picture()) work.stop();
        }
      } catch (...) {
        work.fail(std::current_exception());
      }
    });
    if (!work.finish()) return false;
    for (const Labels& picture : labels) {
      split.add(picture);
      size_.people += picture.all, size_.labelled += picture.labelled;
    }
    return true;
  }

  bool count_picture() {
    const std::lock_guard lock(progress_mutex_);
    return progress_(++size_.pictures);
  }

  const SynthSetOptions& options_;
  const SynthProgress& progress_;
  ThreadPool pool_;
  std::mutex progress_mutex_;
  SynthSetSize size_;
};

void check_options(const SynthSetOptions& options) {
  require(!options.splits.empty() && options.threads >= 1, "a synthetic set has splits and threads");
  for (const int side : {options.pictures.width, options.pictures.height})
    require(side >= kLeastSynthSide && side <= kMostSynthSide, "the size of a synthetic picture");
  for (const SynthSplit& split : options.splits)
    require(split.pictures >= 1 && split.pictures <= kMostSynthPictures, "the number of synthetic pictures");
}

}  // namespace

std::optional<SynthSetSize> write_synth_set(const SynthSetOptions& options, const SynthProgress& progress) {
  check_options(options);
  FreshFolder folder(options.folder);
  std::vector<std::unique_ptr<SplitWriter>> splits;  // an open file does not move
  for (std::size_t i = 0; i < options.splits.size(); ++i)
    splits.push_back(std::make_unique<SplitWriter>(options, i, folder));
  SetWriter writer(options, progress);
  for (const auto& split : splits)
    if (!writer.write(*split)) {
      splits.clear();  // their files go before the folder
      return std::nullopt;
    }
  sync_files(options.folder);
  for (const auto& split : splits) split->commit();
  folder.keep();
  return writer.size();
}

}  // namespace posecu
