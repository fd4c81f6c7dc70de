// Work that is the same each time, such as a training step: on a GPU it is recorded at its second run (the first makes
// plans and takes memory) and replayed from then on, one launch for all of it.
//
// It must launch the same kernels on the same places each time: shapes are static, what changes (pictures, labels, the
// learning rate) is uploaded beforehand to places that stay. What it leaves behind must live as long as the Replay.
// Uploads, downloads and synchronisation are not part of it.
#pragma once

#include <cstddef>
#include <map>

#include "core/context.h"
#include "core/cuda.h"

namespace posecu {

class Replay {
 public:
  explicit Replay(Context& context) : context_(&context) {}
  ~Replay();
  Replay(Replay&& other) noexcept;
  Replay& operator=(Replay&&) = delete;

  // On the CPU, and with graphs off (ContextOptions), it runs `work`.
  template <class F>
  void run(const F& work) {
    if (!context_->graphs() || ++runs_ == 1) {
      work();
    } else {
      if (graph_.empty()) record(work);
      launch();
    }
  }

 private:
  template <class F>
  void record(const F& work) {
    try {
      begin();
      work();
    } catch (...) {
      abandon();
      throw;
    }
    end();
  }
  void begin();
  void end();
  void abandon() noexcept;
  void launch();

  Context* context_;
  int runs_ = 0;
  CudaGraph graph_;
  std::map<std::size_t, std::size_t> kept_;  // the places it works on, Arena::keep
};

}  // namespace posecu
