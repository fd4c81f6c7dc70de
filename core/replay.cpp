#include "core/replay.h"

#include <utility>

namespace posecu {

Replay::Replay(Replay&& other) noexcept
    : context_(other.context_),
      ready_(other.ready_),
      graph_(std::move(other.graph_)),
      kept_(std::exchange(other.kept_, {})) {}

Replay::~Replay() { forget(); }

// A graph that is still running ends by itself. Whatever gets its memory is queued behind it.
void Replay::forget() noexcept {
  ready_ = false;
  graph_ = {};
  context_->arena().let_go(std::exchange(kept_, {}));
}

void Replay::begin() {
  context_->arena().watch();
  context_->cuda()->begin_capture();
}

void Replay::end() {
  kept_ = context_->arena().keep();
  graph_ = context_->cuda()->end_capture();
}

void Replay::abandon() noexcept {
  context_->cuda()->abandon_capture();
  context_->arena().let_go(context_->arena().keep());
}

void Replay::launch() { context_->cuda()->launch(graph_, context_->stream().queue); }

}  // namespace posecu
