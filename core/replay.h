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
    if (!context_->graphs() || !ready_) {
      work();
      ready_ = true;
    } else {
      if (graph_.empty()) record(work);
      launch();
    }
  }

  // Begins anew, because shapes or places have changed or others need the memory: the next run is a first one.
  void forget() noexcept;

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
  bool ready_ = false;  // to be recorded
  CudaGraph graph_;
  std::map<std::size_t, std::size_t> kept_;  // the places it works on, Arena::keep
};

}  // namespace posecu
