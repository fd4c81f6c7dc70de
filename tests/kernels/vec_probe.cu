#include "kernels/runtime/kernel.h"
#include "vec_probe.h"

namespace posecu {
namespace {

template <int N>
__global__ void probe_vec_kernel(VecResults results, const float* x, const float* z, int n) {
  for (int i = static_cast<int>(threadIdx.x) * N; i < n; i += static_cast<int>(blockDim.x) * N) {
    const Vec<N> a = load<N>(x + i), b = load<N>(z + i);
    store(results.exp + i, exp(a));
    store(results.log + i, log(abs(a)));
    store(results.sqrt + i, sqrt(abs(a)));
    store(results.abs + i, abs(a));
    store(results.negative + i, -a);
    store(results.least + i, min(a, b));
    store(results.most + i, max(a, b));
    store(results.chosen + i, where((a < b) & (b <= Vec<N>(1.f)), a, where((a == b) | (a >= b), b, Vec<N>(0.f))));
    store(results.narrow + i, a);
    store(results.half + i, a);
  }
}

__global__ void probe_collectives_kernel(double* total, float* largest, const float* x, int n) {
  const int threads = static_cast<int>(blockDim.x * blockDim.y);
  const int thread = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
  double sum = 0;
  float most = -INFINITY;
  for (int i = thread; i < n; i += threads) sum += static_cast<double>(x[i]), most = max(most, x[i]);
  for (int round = 0; round < 2; ++round) {
    const double all = block_sum(sum);
    const float top = block_max(most);
    if (thread == threads - 1) total[round] = all, largest[round] = top;  // every thread has the result
  }
}

}  // namespace

void probe_vec(const Stream& stream, const VecResults& results, const float* x, const float* z, int n,
               LaunchOptions launch_options) {
  launch(probe_vec_kernel<kLanes<float>>, 1u, flat_block(launch_options), stream, results, x, z, n);
}

void probe_collectives(const Stream& stream, double* total, float* largest, const float* x, int n,
                       LaunchOptions launch_options) {
  const auto threads = static_cast<unsigned>(launch_options.threads);
  const dim3 block = threads % 3 == 0 ? dim3(3, threads / 3) : dim3(threads);
  launch(probe_collectives_kernel, 1u, block, stream, total, largest, x, n);
}

}  // namespace posecu
