#include "core/replay.h"

#include <utility>

namespace posecu {

Replay::Replay(Replay&& other) noexcept
    : context_(other.context_),
      runs_(other.runs_),
      graph_(std::move(other.graph_)),
      kept_(std::exchange(other.kept_, {})) {}

Replay::~Replay() { context_->arena().let_go(kept_); }

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
