// Batch norm and branch fusion at the four resolutions of HRNet-W32 (input 512, batch 4), against the speed of a copy
// in the same run. Every call meets memory that no cache holds. Medians of rounds in which all take turns.
//
//   kernels_bench [threads]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "kernels/batch_norm.h"
#include "kernels/elementwise.h"
#include "kernels/fuse.h"

namespace posecu {
namespace {

constexpr int kPictures = 4, kRounds = 41;
constexpr std::size_t kColdBytes = 192 << 20;  // more than any cache: calls rotate through this much memory

struct Candidate {
  std::string name;
  double bytes;  // read and written
  std::function<void(std::size_t round)> run;
  std::vector<double> times_ms{};
};

Tensor<float> random_tensor(Context& context, Shape shape) {
  Tensor<float> tensor = context.tensor<float>(shape);
  Random random(1, 0, shape.elements(), RandomPurpose::test);
  for (float& v : tensor.view()) v = static_cast<float>(random.uniform(-1, 1));
  return tensor;
}

// What the kernels of one resolution work on, several times over. Tensors of one shape.
struct Operands {
  Operands(Context& context, int side, int channels)
      : shape{kPictures * side * side, channels},
        sets(std::max<std::size_t>(2, kColdBytes / (6 * elements() * sizeof(float)))) {
    const Shape map{kPictures, side, side, channels};
    for (auto* list : {&x, &residual, &y, &dy, &dx, &dresidual})
      for (std::size_t i = 0; i < sets; ++i) list->push_back(random_tensor(context, map));
    for (auto* vector : {&gamma, &beta, &mean, &inv_std, &running_mean, &running_var, &dgamma, &dbeta})
      *vector = random_tensor(context, {channels});
    workspace = context.tensor<float>({static_cast<int>(batch_norm_workspace(shape))});
  }
  std::size_t elements() const {
    return static_cast<std::size_t>(shape.rows) * static_cast<std::size_t>(shape.channels);
  }

  BatchNormShape shape;
  std::size_t sets;
  std::vector<Tensor<float>> x, residual, y, dy, dx, dresidual;
  Tensor<float> gamma, beta, mean, inv_std, running_mean, running_var, dgamma, dbeta, workspace;
};

void add_batch_norm(std::vector<Candidate>& candidates, const Stream& stream, const std::string& size,
                    const std::shared_ptr<Operands>& o) {
  const double tensor = 4.0 * static_cast<double>(o->elements());
  const BatchNormOptions options{.activation = Activation::relu};
  candidates.push_back({"batch norm + add + ReLU " + size, 4 * tensor, [=, &stream](std::size_t round) {
                          const std::size_t i = round % o->sets;
                          batch_norm_forward<float>(
                              stream,
                              {o->y[i].data(), o->mean.data(), o->inv_std.data(), o->running_mean.data(),
                               o->running_var.data(), o->workspace.data(), o->x[i].data(), o->residual[i].data(),
                               o->gamma.data(), o->beta.data()},
                              o->shape, options);
                        }});
  candidates.push_back({"  its backward", 7 * tensor, [=, &stream](std::size_t round) {
                          const std::size_t i = round % o->sets;
                          batch_norm_backward<float>(
                              stream,
                              {o->dx[i].data(), o->dresidual[i].data(), o->dgamma.data(), o->dbeta.data(),
                               o->workspace.data(), o->dy[i].data(), o->y[i].data(), o->x[i].data(), o->mean.data(),
                               o->inv_std.data(), o->gamma.data()},
                              o->shape, options);
                        }});
}

// The output at this resolution, its inputs at this one and as many lower ones as HRNet has.
void add_fuse(std::vector<Candidate>& candidates, const Stream& stream, const std::string& size, int side,
              const std::shared_ptr<Operands>& o) {
  FuseShape shape{kPictures, side, side, o->shape.channels, 0, {1, 2, 4, 8}};
  double low = 0;  // input elements per output element
  for (int factor = 1; factor * 16 <= side; factor *= 2) low += 1.0 / (factor * factor), ++shape.inputs;
  const double tensor = 4.0 * static_cast<double>(o->elements());
  // Inputs of lower resolution take the beginning of tensors of the full one.
  candidates.push_back(
      {fmt::format("fusion of {} inputs {}", shape.inputs, size), (1 + low) * tensor, [=, &stream](std::size_t round) {
         const std::size_t i = round % o->sets;
         fuse_forward<float>(stream, o->y[i].data(),
                             {o->x[i].data(), o->residual[i].data(), o->dx[i].data(), o->dresidual[i].data()}, shape);
       }});
  candidates.push_back({"  its backward", (2 + low) * tensor, [=, &stream](std::size_t round) {
                          const std::size_t i = round % o->sets;
                          fuse_backward<float>(
                              stream, {o->x[i].data(), o->residual[i].data(), o->dx[i].data(), o->dresidual[i].data()},
                              o->dy[i].data(), o->y[i].data(), shape);
                        }});
}

void take_turns(std::vector<Candidate>& candidates) {
  for (std::size_t round = 0; round < kRounds; ++round)
    for (Candidate& candidate : candidates) {
      const auto start = std::chrono::steady_clock::now();
      candidate.run(round);
      const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
      candidate.times_ms.push_back(elapsed.count());
    }
}

void run(int threads) {
  Context context({.threads = threads});
  const Stream& stream = context.stream();
  std::vector<Candidate> candidates;
  const auto copied = std::make_shared<Operands>(context, 128, 32);
  candidates.push_back(
      {"copy 128x128x32", 8.0 * static_cast<double>(copied->elements()), [=, &stream](std::size_t round) {
         const std::size_t i = round % copied->sets;
         scale<float>(stream, copied->y[i].data(), copied->x[i].data(), 1.f, copied->elements());
       }});
  for (int side = 128, channels = 32; side >= 16; side /= 2, channels *= 2) {
    const auto operands = side == 128 ? copied : std::make_shared<Operands>(context, side, channels);
    const std::string size = fmt::format("{}x{}x{}", side, side, channels);
    add_batch_norm(candidates, stream, size, operands);
    add_fuse(candidates, stream, size, side, operands);
  }
  take_turns(candidates);
  double copy_speed = 0;
  fmt::print("{:<38} {:>8} {:>8} {:>8} {:>9}\n", fmt::format("batch {}, {} threads", kPictures, context.threads()),
             "least ms", "ms", "GB/s", "of copy");
  for (Candidate& candidate : candidates) {
    std::ranges::sort(candidate.times_ms);
    const double ms = candidate.times_ms[candidate.times_ms.size() / 2], speed = candidate.bytes / ms / 1e6;
    if (copy_speed == 0) copy_speed = speed;
    fmt::print("{:<38} {:>8.2f} {:>8.2f} {:>8.1f} {:>8.0f}%\n", candidate.name, candidate.times_ms[0], ms, speed,
               100 * speed / copy_speed);
  }
}

}  // namespace
}  // namespace posecu

int main(int argc, char** argv) {
  posecu::run(argc > 1 ? std::atoi(argv[1]) : 0);
  return 0;
}
