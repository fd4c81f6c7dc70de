#include "core/profile.h"

#include <fmt/format.h>

#include <chrono>

#include "core/cuda.h"

namespace posecu {

std::string describe_map(const Shape& shape) {
  std::string text;
  for (int axis = 0; axis < shape.rank(); ++axis) text += fmt::format("{}{}", axis > 0 ? "x" : "", shape[axis]);
  return text;
}

Profile::Profile(Context& context) : context_(context) {
  require(context.profile() == nullptr && !context.graphs(), "a context has one profile, and then no graphs");
  context.set_profile(this);
}

Profile::~Profile() { context_.set_profile(nullptr); }

double Profile::now() {
  if (CudaDevice* cuda = context_.cuda()) return cuda->stamp(context_.stream().queue);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void Profile::begin(Work work) {
  if (depth_++ > 0) return;
  const auto [place, inserted] = places_.try_emplace({work.kind, work.shape}, rows_.size());
  if (inserted) rows_.push_back({std::move(work)});
  calls_.push_back({place->second, now(), 0});
}

void Profile::end() {
  if (--depth_ == 0) calls_.back().end = now();
}

std::vector<Profile::Row> Profile::rows() {
  for (const Call& call : calls_) {
    const double ms = context_.cuda() == nullptr
                          ? call.end - call.begin
                          : context_.cuda()->milliseconds(static_cast<int>(call.begin), static_cast<int>(call.end));
    rows_[call.row].ms.push_back(ms);
  }
  calls_.clear();
  return rows_;
}

}  // namespace posecu
