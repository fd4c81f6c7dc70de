// Batches for training, read ahead by threads. Which pictures make a batch, and what is drawn for them, depends on
// seed, epoch and picture alone: any number of threads gives the same bytes.
//
// Pictures with at least one annotation take part, as in the official code; people without a labelled keypoint and
// crowds count as annotations. Every epoch has an order of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/targets.h"
#include "data/annotations.h"
#include "data/sample.h"

namespace posecu {

struct Batch {
  int size = 0;                // N
  std::vector<float> images;   // [N,S,S,3] normalised RGB; empty in a raw batch
  std::vector<RawSample> raw;  // [N] in a raw batch, which has no masks either
  Targets targets;
  std::vector<std::int64_t> picture_ids;  // [N]
  std::vector<std::string> remarks;       // on pictures that differ from their annotations
};

// What becomes of the pictures of an epoch that do not fill a batch.
enum class Remainder {
  drop,  // official: left out, other ones each epoch
  keep   // a smaller last batch
};

// Who warps: the loader's threads, or the device that trains (data/device_batch.h).
enum class BatchKind { finished, raw };

struct LoaderOptions {
  int batch = 1;  // N
  SampleOptions sample;
  BatchKind kind = BatchKind::finished;
  int threads = 1;
  int prefetch = 2;  // batches that are read ahead
  Remainder remainder = Remainder::drop;
  // Told by next(), in its thread, each time that it has waited for `patience` seconds more: what it waits for.
  std::function<void(const std::string&)> on_wait = {};
  double patience = 60;
};

// Names a batch: the state that an exact resume needs.
struct LoaderPosition {
  std::int64_t epoch = 0;
  int batch = 0;  // within the epoch
  bool operator==(const LoaderPosition&) const = default;
};

class Loader {
 public:
  // Starts to read at epoch 0. Copies no labels: `set` must outlive the loader. Throws UsageError when the set has
  // fewer pictures than a batch.
  Loader(const DataSet& set, LoaderOptions options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // The next batch, epoch after epoch without end. What went wrong in a thread is thrown here; where it concerns a
  // picture, it names its file.
  Batch next();

  LoaderPosition position() const { return position_; }  // of the batch that next() will give
  void seek(LoaderPosition position);

  const LoaderOptions& options() const { return options_; }
  int keypoints() const { return set_.skeleton.size(); }
  int pictures() const { return static_cast<int>(used_.size()); }
  int batches_per_epoch() const;
  double seconds_waited() const { return seconds_waited_; }  // by next(), since the beginning

 private:
  struct Pending;

  void start();
  void stop();
  void work();
  void make(Pending& batch, std::size_t index) const;
  bool has_work() const;  // the following need mutex_
  std::shared_ptr<Pending> wait_for_batch(std::unique_lock<std::mutex>& lock);
  std::string what_is_awaited() const;
  void open_batch(std::unique_lock<std::mutex>& lock);
  std::vector<int> pictures_of(LoaderPosition position);
  LoaderPosition after(LoaderPosition position) const;

  const DataSet& set_;
  LoaderOptions options_;
  std::vector<int> used_;  // pictures that take part
  LoaderPosition position_;
  double seconds_waited_ = 0;

  std::mutex mutex_;
  std::condition_variable work_changed_, sample_done_;
  std::deque<std::shared_ptr<Pending>> pending_;  // in order, the next one in front
  LoaderPosition opened_;                         // of the batch that will be opened next
  std::int64_t order_epoch_ = -1;                 // whose order this is
  std::vector<int> order_;
  bool opening_ = false, stopping_ = false;
  std::exception_ptr failure_;  // of a thread, outside of any picture
  std::vector<std::thread> threads_;
};

}  // namespace posecu
