#include "apps/memory_need.h"

#include <algorithm>

namespace posecu {

MemoryNeed count_memory(ContextOptions where, const BenchOptions& options, BenchedWork work) {
  where.dry_run = true;
  where.memory = 0;
  BenchedNetwork network(where, options, work);
  network.run();
  const Arena& arena = network.context().arena();
  MemoryNeed need{.by_class = {}, .peak = arena.peak()};
  for (int i = 0; i < kMemoryClasses; ++i)
    need.by_class[static_cast<std::size_t>(i)] = arena.peak(static_cast<MemoryClass>(i));
  return need;
}

int largest_batch(const ContextOptions& where, BenchOptions options, std::size_t bytes) {
  const auto fits = [&](int batch) {
    options.training_batch = batch;
    return count_memory(where, options, BenchedWork::training_step).peak <= bytes;
  };
  int least = 0, most = 1;  // `least` fits
  while (most <= kMostPictures && fits(most)) least = most, most *= 2;
  while (most - least > 1) {
    const int middle = (least + most) / 2;
    (fits(middle) ? least : most) = middle;
  }
  return std::min(least, kMostPictures);
}

}  // namespace posecu
