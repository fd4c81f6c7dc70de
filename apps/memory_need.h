// How much memory a training step or an inference takes, counted by going through it without computing.
#pragma once

#include <array>
#include <cstddef>

#include "apps/bench.h"
#include "core/arena.h"

namespace posecu {

struct MemoryNeed {
  std::array<std::size_t, kMemoryClasses> by_class{};  // bytes, each at its own worst moment
  std::size_t peak = 0;                                // bytes of all tensors, at theirs
};

// On a GPU cuDNN is asked for its workspaces, so that one must be there. Pictures have three people each: people hardly
// count.
MemoryNeed count_memory(ContextOptions where, const BenchOptions& options, BenchedWork work);

// The most pictures of a pass that fit into `bytes`, up to 4096; 0 when not even one does.
int largest_batch(const ContextOptions& where, BenchOptions options, std::size_t bytes);

}  // namespace posecu
