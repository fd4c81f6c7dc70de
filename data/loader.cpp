#include "data/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "core/counted.h"
#include "core/error.h"
#include "core/random.h"

namespace posecu {
namespace {

std::vector<int> annotated_pictures(const DataSet& set) {
  std::vector<int> used;
  for (std::size_t i = 0; i < set.pictures.size(); ++i)
    if (!set.pictures[i].annotations.empty()) used.push_back(static_cast<int>(i));
  return used;
}

void shuffle(std::vector<int>& list, Random random) {
  for (int i = static_cast<int>(list.size()) - 1; i > 0; --i)
    std::swap(list[static_cast<std::size_t>(i)], list[static_cast<std::size_t>(random.below(i + 1))]);
}

std::size_t image_elements(int input_size) {
  return 3 * static_cast<std::size_t>(input_size) * static_cast<std::size_t>(input_size);
}

// Appends the labels of one picture to the batch's.
void append(Targets& targets, const SampleLabels& labels) {
  targets.scales.insert(targets.scales.end(), labels.scales.begin(), labels.scales.end());
  targets.first_person.push_back(static_cast<int>(targets.scales.size()));
  for (std::size_t r = 0; r < targets.resolutions.size(); ++r) {
    ResolutionTargets& resolution = targets.resolutions[r];
    resolution.keypoints.insert(resolution.keypoints.end(), labels.keypoints[r].begin(), labels.keypoints[r].end());
    if (!labels.masks.empty())
      resolution.masks.insert(resolution.masks.end(), labels.masks[r].begin(), labels.masks[r].end());
  }
}

}  // namespace

// A batch whose samples are being made.
struct Loader::Pending {
  struct Slot {
    int picture = 0;  // index in the data set
    SampleLabels labels;
    RawSample raw;  // in a raw batch
    std::exception_ptr error;
    bool done = false;
  };
  std::int64_t epoch = 0;
  std::vector<Slot> slots;
  std::vector<float> images;
  std::size_t started = 0, done = 0;  // slots
};

Loader::Loader(const DataSet& set, LoaderOptions options)
    : set_(set), options_(std::move(options)), used_(annotated_pictures(set)) {
  check_sample_options(options_.sample);
  if (options_.batch < 1 || options_.threads < 1 || options_.prefetch < 1)
    throw UsageError("batch, loader threads and prefetch must be at least 1");
  if (pictures() < options_.batch)
    throw UsageError(fmt::format("{}: {} with annotations, fewer than a batch of {}\n  try: a smaller batch",
                                 set.annotation_file, counted_pictures(static_cast<std::size_t>(pictures())),
                                 options_.batch));
  start();
}

Loader::~Loader() { stop(); }

int Loader::batches_per_epoch() const {
  const int rounding = options_.remainder == Remainder::keep ? options_.batch - 1 : 0;
  return (pictures() + rounding) / options_.batch;
}

LoaderPosition Loader::after(LoaderPosition position) const {
  return position.batch + 1 < batches_per_epoch() ? LoaderPosition{position.epoch, position.batch + 1}
                                                  : LoaderPosition{position.epoch + 1, 0};
}

void Loader::seek(LoaderPosition position) {
  require(position.epoch >= 0 && position.batch >= 0 && position.batch < batches_per_epoch(),
          "a loader is sent to a batch that exists");
  stop();
  position_ = position;
  start();
}

void Loader::start() {
  stopping_ = opening_ = false;
  failure_ = nullptr;
  opened_ = position_;
  try {
    for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    stop();
    throw MachineError(fmt::format("cannot start {} loader threads: {}", options_.threads, error.what()));
  } catch (...) {
    stop();
    throw;
  }
}

void Loader::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  pending_.clear();
}

std::vector<int> Loader::pictures_of(LoaderPosition position) {
  if (order_epoch_ != position.epoch) {
    order_ = used_;
    shuffle(order_,
            Random(options_.sample.seed, static_cast<std::uint64_t>(position.epoch), 0, RandomPurpose::shuffle));
    order_epoch_ = position.epoch;
  }
  const std::ptrdiff_t first = std::ptrdiff_t{position.batch} * options_.batch;
  const std::ptrdiff_t last = std::min(first + options_.batch, std::ptrdiff_t{pictures()});
  return {order_.begin() + first, order_.begin() + last};
}

bool Loader::has_work() const {
  const bool sample_waits = std::any_of(pending_.begin(), pending_.end(),
                                        [](const auto& batch) { return batch->started < batch->slots.size(); });
  return sample_waits || (!opening_ && pending_.size() < static_cast<std::size_t>(options_.prefetch));
}

void Loader::open_batch(std::unique_lock<std::mutex>& lock) {
  opening_ = true;
  auto batch = std::make_shared<Pending>();
  batch->epoch = opened_.epoch;
  for (const int picture : pictures_of(opened_)) batch->slots.push_back({picture, {}, {}, nullptr});
  opened_ = after(opened_);
  lock.unlock();  // taking and clearing memory takes long
  try {
    if (options_.kind == BatchKind::finished)
      batch->images.resize(batch->slots.size() * image_elements(options_.sample.input_size));
  } catch (...) {
    for (Pending::Slot& slot : batch->slots) slot.error = std::current_exception();
    batch->started = batch->done = batch->slots.size();
  }
  lock.lock();
  pending_.push_back(batch);
  opening_ = false;
  work_changed_.notify_all();
  sample_done_.notify_all();
}

void Loader::make(Pending& batch, std::size_t index) const {
  Pending::Slot& slot = batch.slots[index];
  const PictureLabel& label = set_.pictures[static_cast<std::size_t>(slot.picture)];
  try {
    PreparedSample sample = read_sample(label, set_, batch.epoch, options_.sample);
    if (options_.kind == BatchKind::raw) {
      slot.labels = std::move(sample.labels);
      slot.raw = std::move(sample.raw);
    } else {
      float* image = batch.images.data() + index * image_elements(options_.sample.input_size);
      slot.labels = make_sample(image, std::move(sample));
    }
  } catch (...) {
    slot.error = std::current_exception();
  }
}

void Loader::work() {
  std::unique_lock lock(mutex_);
  while (!failure_) {
    work_changed_.wait(lock, [this] { return stopping_ || has_work(); });
    if (stopping_) return;
    const auto waiting = std::find_if(pending_.begin(), pending_.end(),
                                      [](const auto& pending) { return pending->started < pending->slots.size(); });
    if (waiting == pending_.end()) {
      try {
        open_batch(lock);
      } catch (...) {  // no memory for the list of its pictures
        if (!lock.owns_lock()) lock.lock();
        failure_ = std::current_exception();
        sample_done_.notify_all();
      }
      continue;
    }
    const std::shared_ptr<Pending> batch = *waiting;
    const std::size_t index = batch->started++;
    lock.unlock();
    make(*batch, index);
    lock.lock();
    batch->slots[index].done = true;
    if (++batch->done == batch->slots.size()) sample_done_.notify_all();
  }
}

std::string Loader::what_is_awaited() const {
  std::string batch = fmt::format("batch {} of epoch {}", position_.batch, position_.epoch);
  if (pending_.empty()) return batch;
  std::string files;
  for (const Pending::Slot& slot : pending_.front()->slots)
    if (!slot.done) files += "\n  " + set_.pictures[static_cast<std::size_t>(slot.picture)].path;
  return fmt::format("{}, of which are missing:{}", batch, files);
}

std::shared_ptr<Loader::Pending> Loader::wait_for_batch(std::unique_lock<std::mutex>& lock) {
  const auto ready = [this] {
    return failure_ || (!pending_.empty() && pending_.front()->done == pending_.front()->slots.size());
  };
  const auto begin = std::chrono::steady_clock::now();
  const auto waited = [begin] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  while (!sample_done_.wait_for(lock, std::chrono::duration<double>(options_.patience), ready))
    if (options_.on_wait) options_.on_wait(fmt::format("waited {:.0f} s for {}", waited(), what_is_awaited()));
  seconds_waited_ += waited();
  if (failure_) std::rethrow_exception(failure_);
  std::shared_ptr<Pending> pending = std::move(pending_.front());
  pending_.pop_front();
  return pending;
}

Batch Loader::next() {
  std::unique_lock lock(mutex_);
  const std::shared_ptr<Pending> pending = wait_for_batch(lock);
  lock.unlock();
  work_changed_.notify_all();
  position_ = after(position_);

  Batch batch;
  batch.size = static_cast<int>(pending->slots.size());
  batch.images = std::move(pending->images);
  batch.targets.pictures = batch.size;
  batch.targets.keypoints = set_.skeleton.size();
  for (const int stride : options_.sample.strides) {
    const int size = options_.sample.input_size / stride;
    batch.targets.resolutions.push_back({size, size, {}, {}});
  }
  for (Pending::Slot& slot : pending->slots) {
    if (slot.error) std::rethrow_exception(slot.error);
    append(batch.targets, slot.labels);
    if (options_.kind == BatchKind::raw) batch.raw.push_back(std::move(slot.raw));
    batch.picture_ids.push_back(set_.pictures[static_cast<std::size_t>(slot.picture)].id);
    if (!slot.labels.remark.empty()) batch.remarks.push_back(slot.labels.remark);
  }
  return batch;
}

}  // namespace posecu
