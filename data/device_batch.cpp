#include "data/device_batch.h"

#include <utility>

#include "core/error.h"

namespace posecu {
namespace {

std::vector<TargetBuffer::Size> heatmap_sizes(const SampleOptions& options) {
  std::vector<TargetBuffer::Size> sizes;
  for (const int stride : options.strides) sizes.push_back({options.input_size / stride, options.input_size / stride});
  return sizes;
}

// The numbers of a sample's pieces.
struct SamplePieces {
  struct Places {
    int columns, rows;
  };
  int pixels = 0, bits = -1;
  std::vector<Places> places;  // image, then heatmaps
};

SamplePieces add(Staging& staging, const RawSample& sample) {
  SamplePieces pieces;
  pieces.pixels = staging.add<std::uint8_t>(sample.picture.pixels);
  if (!sample.mask.bits.empty()) pieces.bits = staging.add<std::uint8_t>(sample.mask.bits);
  const auto add_places = [&](const WarpPlaces& to) {
    pieces.places.push_back({staging.add<FixedPoint>(to.columns), staging.add<FixedPoint>(to.rows)});
  };
  add_places(sample.to_image);
  for (const WarpPlaces& places : sample.to_heatmaps) add_places(places);
  return pieces;
}

// `target`: 0 for the image, r + 1 for the masks of resolution r.
WarpTask task_of(const Staging& staging, const RawSample& sample, const SamplePieces& pieces, std::size_t target) {
  WarpTask task{.source = nullptr,
                .columns = staging.address<FixedPoint>(pieces.places[target].columns),
                .rows = staging.address<FixedPoint>(pieces.places[target].rows),
                .source_width = sample.picture.width,
                .source_height = sample.picture.height,
                .mirror = sample.mirror};
  if (target == 0) {
    task.source = staging.address<std::uint8_t>(pieces.pixels);
  } else if (pieces.bits >= 0) {
    task.source = staging.address<std::uint8_t>(pieces.bits);
  }
  return task;
}

}  // namespace

DeviceBatch::DeviceBatch(Context& context, int keypoints, const LoaderOptions& options)
    : context_(context),
      options_(options),
      targets_(context, options.batch, keypoints, heatmap_sizes(options.sample)),
      staging_(context, Staging::Use::training) {
  const int size = options.sample.input_size;
  if (options.kind == BatchKind::raw || context.device() != DeviceKind::cpu)
    memory_ = context.tensor<float>({options.batch, size, size, 3});
}

void DeviceBatch::send(Batch batch) {
  next_ = std::move(batch);
  if (!next_.raw.empty()) add_raw();
}

void DeviceBatch::add_raw() {
  const std::size_t targets = 1 + options_.sample.strides.size(), n = next_.raw.size();
  std::vector<SamplePieces> pieces;
  for (const RawSample& sample : next_.raw) pieces.push_back(add(staging_, sample));
  tasks_.resize(targets * n);
  tasks_piece_ = staging_.add<WarpTask>(tasks_);
  table_piece_ = staging_.add<float>(normalisation_table());
  staging_.place();
  for (std::size_t target = 0; target < targets; ++target)
    for (std::size_t i = 0; i < n; ++i) tasks_[target * n + i] = task_of(staging_, next_.raw[i], pieces[i], target);
  staging_.send();
}

TargetBuffer::Places DeviceBatch::receive() {
  current_ = std::exchange(next_, {});
  require(current_.size > 0, "a batch is sent before it is received");
  const TargetBuffer::Places places = targets_.upload(context_, current_.targets);
  const int size = options_.sample.input_size;
  const Shape shape{current_.size, size, size, 3};
  images_ = {memory_.empty() ? current_.images.data() : memory_.data(), shape};
  if (!current_.raw.empty()) {
    warp();
  } else if (!memory_.empty()) {
    context_.upload(View<float>(memory_.data(), shape), current_.images);
  }
  return places;
}

void DeviceBatch::warp() {
  const int n = current_.size, size = options_.sample.input_size;
  const WarpTask* tasks = staging_.address<WarpTask>(tasks_piece_);
  staging_.receive();
  warp_normalised(context_.stream(), memory_.data(), tasks, staging_.address<float>(table_piece_), {n, size, size});
  for (std::size_t r = 0; r < options_.sample.strides.size(); ++r) {
    const View<std::uint8_t> masks = targets_.masks(r);
    tasks += n;
    warp_masks(context_.stream(), masks.data(), tasks, {n, masks.size(2), masks.size(1)});
  }
  staging_.release();
}

}  // namespace posecu
