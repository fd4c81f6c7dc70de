// Pull, push and scale loss and their gradient, one block a picture, after one launch that clears the gradient.
//
//   t_j   the embeddings (M numbers) at a person's c labelled joints that lie on the map        e = mean of t_j
//   S     the person's scale      d_m = (m+0.5)/M      s = unit vector along 1/(|S-d_m| + 1e-12)
//   C people of a picture have c > 0, and J joints together        a(v) = <|v|/|v|_2, s>
//
//           official                                         paper (equations 6 and 7)
//   pull    mean over people of mean over j of |t_j-e|^2     mean over the J joints of |t_j-e|^2
//   push    1/2 mean over pairs of exp(-|e-e'|^2)            mean over pairs of exp(-|e-e'|^2 / 2)
//   scale   mean over people of 1 - a(e)                     mean over the J joints of 1 - a(t_j)
//
//   Push is 0 for one person. All are means over the pictures; empty ones count as 0. w = 1/(C c) (official), 1/J
//   (paper)
//     gradient of t_j = pull 2 w (t_j-e) + de/c - (paper) scale w da/dt_j
//     de = -push 2/(C(C-1)) sum over the others of exp(..) (e-e') - (official) scale/C da/de
//     da/dv_m = sign(v_m) (s_m - a u_m) / |v|_2,  u = |v|/|v|_2
//
//   Arithmetic is double: the official scale loss is, and next to the heatmaps it costs nothing.
//
//   shapes  embeddings, gradient [N,H,W,K*M] float; keypoints [P,K,3] float; people in any number
//   bytes   writes 4 an element of the gradient to clear it: that is all of the time; the joints are a few kB
//   launch  clear: tiles of Vecs, coalesced. A block of the other kernel owns one picture. First its threads own
//           (person, m), then people, then channels k*M+m, which they walk person by person: two people's joints on one
//           pixel add up in the order of people, without collisions. Every sum is one thread's, so all results are the
//           same bits at every block size.
#include "kernels/embedding_loss.h"
#include "kernels/runtime/kernel.h"

namespace posecu {
namespace {

constexpr std::size_t kTile = 8192;  // elements that a block clears

// What is kept of every person of the batch between the steps.
struct People {
  double* means;      // [P,M] e
  double* gradients;  // [P,M] de
  double* spreads;    // [P,M] sum over joints of (t_j-e)^2, one m each
  double* losses;     // [P,3] shares of pull, push and scale
  int* joints;        // [P] c
};

struct Picture {
  const float* embeddings;
  float* gradient;
  const float* keypoints;
  int first, end;  // its people
};

// The offset of joint k's embedding in its picture, or -1 if it has no place there. Coordinates are cut toward zero.
__device__ __forceinline__ std::ptrdiff_t place_of(const float* keypoints, int person, int k,
                                                   const EmbeddingLossShape& shape) {
  const float* label =
      keypoints +
      (static_cast<std::size_t>(person) * static_cast<std::size_t>(shape.keypoints) + static_cast<std::size_t>(k)) * 3;
  const bool placed = label[2] > 0.f && label[0] > -1.f && label[1] > -1.f &&
                      label[0] < static_cast<float>(shape.width) && label[1] < static_cast<float>(shape.height);
  if (!placed) return -1;
  const int pixel = static_cast<int>(label[1]) * shape.width + static_cast<int>(label[0]);
  return (static_cast<std::ptrdiff_t>(pixel) * shape.keypoints + k) * shape.embedding_dim;
}

// A thread owns (person, m).
__device__ __forceinline__ void find_means(const People& people, const Picture& picture,
                                           const EmbeddingLossShape& shape) {
  const int dim = shape.embedding_dim, begin = picture.first * dim, end = picture.end * dim;
  for (int i = begin + static_cast<int>(threadIdx.x); i < end; i += static_cast<int>(blockDim.x)) {
    const int person = i / dim, m = i % dim;
    int joints = 0;
    double total = 0, spread = 0;
    for (int k = 0; k < shape.keypoints; ++k) {
      const std::ptrdiff_t place = place_of(picture.keypoints, person, k, shape);
      if (place < 0) continue;
      total += static_cast<double>(picture.embeddings[place + m]);
      ++joints;
    }
    const double mean = joints > 0 ? total / joints : 0;
    for (int k = 0; k < shape.keypoints; ++k) {
      const std::ptrdiff_t place = place_of(picture.keypoints, person, k, shape);
      const double off = place < 0 ? 0 : static_cast<double>(picture.embeddings[place + m]) - mean;
      spread += off * off;
    }
    people.means[i] = mean;
    people.spreads[i] = spread;
    if (m == 0) people.joints[person] = joints;
  }
}

// C and J.
struct Counts {
  int people, joints;
};
__device__ __forceinline__ Counts counted(const People& people, const Picture& picture) {
  Counts counts{0, 0};
  for (int person = picture.first; person < picture.end; ++person) {
    counts.people += people.joints[person] > 0 ? 1 : 0;
    counts.joints += people.joints[person];
  }
  return counts;
}

// What one of a person's joints weighs in a mean of its picture: w.
__device__ __forceinline__ double joint_weight(const People& people, int person, Counts counts, Formulas formulas) {
  return formulas == Formulas::paper ? 1. / counts.joints : 1. / counts.people / people.joints[person];
}

// A person's share of push; its gradient is added to de.
__device__ __forceinline__ double push_share(const People& people, const Picture& picture, int person, int count,
                                             int dim, const EmbeddingLossRule& rule) {
  if (count < 2) return 0;
  const double pairs = static_cast<double>(count) * (count - 1);  // in both orders
  const double sharpness = rule.formulas == Formulas::paper ? 0.5 : 1;
  const double* e = people.means + static_cast<std::ptrdiff_t>(person) * dim;
  double* de = people.gradients + static_cast<std::ptrdiff_t>(person) * dim;
  double total = 0;
  for (int other = picture.first; other < picture.end; ++other) {
    if (other == person || people.joints[other] == 0) continue;
    const double* f = people.means + static_cast<std::ptrdiff_t>(other) * dim;
    double square = 0;
    for (int m = 0; m < dim; ++m) square += (e[m] - f[m]) * (e[m] - f[m]);
    const double closeness = exp(-sharpness * square);
    total += closeness;
    for (int m = 0; m < dim; ++m) de[m] -= rule.push * 2 / pairs * closeness * (e[m] - f[m]);
  }
  return (rule.formulas == Formulas::paper ? 1 : 0.5) * total / pairs;
}

// How near an embedding's absolute values lie to the direction that its person's scale asks for.
struct Alignment {
  double value, norm, length;  // a, |v|_2, and the length of the vector that s is along
};

__device__ __forceinline__ double direction(double scale, int m, int dim) {
  return 1 / (fabs(scale - (m + 0.5) / dim) + 1e-12);
}

template <class T>
__device__ __forceinline__ Alignment alignment(const T* v, double scale, int dim) {
  double square = 0, length = 0, value = 0;
  for (int m = 0; m < dim; ++m) {
    square += static_cast<double>(v[m]) * static_cast<double>(v[m]);
    length += direction(scale, m, dim) * direction(scale, m, dim);
  }
  length = sqrt(length);
  const double norm = sqrt(square), divisor = max(norm, 1e-12);
  for (int m = 0; m < dim; ++m)
    value += fabs(static_cast<double>(v[m])) / divisor * (direction(scale, m, dim) / length);
  return {value, norm, length};
}

// da/dv_m.
__device__ __forceinline__ double alignment_slope(const Alignment& a, double v, double scale, int m, int dim) {
  const double sign = v > 0 ? 1. : (v < 0 ? -1. : 0.), s = direction(scale, m, dim) / a.length;
  const double divisor = max(a.norm, 1e-12);
  // Below the clamp the divisor is a constant.
  return sign * (a.norm > 1e-12 ? s - a.value * fabs(v) / divisor : s) / divisor;
}

// A person's share of the scale loss; the official one's gradient is added to de.
__device__ __forceinline__ double scale_share(const People& people, const Picture& picture, int person, double scale,
                                              Counts counts, const EmbeddingLossShape& shape,
                                              const EmbeddingLossRule& rule) {
  const int dim = shape.embedding_dim;
  const double weight = joint_weight(people, person, counts, rule.formulas);
  double share = 0;
  for (int k = 0; k < shape.keypoints && rule.formulas == Formulas::paper; ++k) {
    const std::ptrdiff_t place = place_of(picture.keypoints, person, k, shape);
    if (place >= 0) share += weight * (1 - alignment(picture.embeddings + place, scale, dim).value);
  }
  if (rule.formulas == Formulas::paper) return share;
  const double* e = people.means + static_cast<std::ptrdiff_t>(person) * dim;
  double* de = people.gradients + static_cast<std::ptrdiff_t>(person) * dim;
  const Alignment a = alignment(e, scale, dim);
  for (int m = 0; m < dim; ++m) de[m] -= rule.scale / counts.people * alignment_slope(a, e[m], scale, m, dim);
  return (1 - a.value) / counts.people;
}

// A thread owns people.
__device__ __forceinline__ void find_losses(const People& people, const Picture& picture, const double* person_scales,
                                            const EmbeddingLossShape& shape, const EmbeddingLossRule& rule) {
  const int dim = shape.embedding_dim;
  const Counts counts = counted(people, picture);
  for (int person = picture.first + static_cast<int>(threadIdx.x); person < picture.end;
       person += static_cast<int>(blockDim.x)) {
    double* losses = people.losses + static_cast<std::ptrdiff_t>(person) * 3;
    for (int m = 0; m < dim; ++m) people.gradients[person * dim + m] = 0;
    losses[0] = losses[1] = losses[2] = 0;
    if (people.joints[person] == 0) continue;
    double spread = 0;
    for (int m = 0; m < dim; ++m) spread += people.spreads[person * dim + m];
    losses[0] = spread * joint_weight(people, person, counts, rule.formulas);
    losses[1] = push_share(people, picture, person, counts.people, dim, rule);
    losses[2] = scale_share(people, picture, person, person_scales[person], counts, shape, rule);
  }
}

// A thread owns channels.
__device__ __forceinline__ void add_gradients(const People& people, const Picture& picture, const double* person_scales,
                                              const EmbeddingLossShape& shape, const EmbeddingLossRule& rule) {
  const int dim = shape.embedding_dim, channels = shape.keypoints * dim;
  const Counts counts = counted(people, picture);
  for (int channel = static_cast<int>(threadIdx.x); channel < channels; channel += static_cast<int>(blockDim.x)) {
    const int k = channel / dim, m = channel % dim;
    for (int person = picture.first; person < picture.end; ++person) {
      const std::ptrdiff_t place = place_of(picture.keypoints, person, k, shape);
      if (place < 0) continue;
      const double weight = joint_weight(people, person, counts, rule.formulas);
      const double t = static_cast<double>(picture.embeddings[place + m]), e = people.means[person * dim + m];
      double slope = rule.pull * 2 * weight * (t - e) + people.gradients[person * dim + m] / people.joints[person];
      if (rule.formulas == Formulas::paper) {
        const double scale = person_scales[person];
        const Alignment a = alignment(picture.embeddings + place, scale, dim);
        slope -= rule.scale * weight * alignment_slope(a, t, scale, m, dim);
      }
      picture.gradient[place + m] += static_cast<float>(slope / shape.pictures);
    }
  }
}

__global__ void losses_of_pictures(double* __restrict__ picture_losses, float* __restrict__ gradient, People people,
                                   EmbeddingLossInputs inputs, EmbeddingLossShape shape, EmbeddingLossRule rule) {
  const auto number = static_cast<std::ptrdiff_t>(blockIdx.x);
  const std::ptrdiff_t size =
      static_cast<std::ptrdiff_t>(shape.height) * shape.width * shape.keypoints * shape.embedding_dim;
  const Picture picture{inputs.embeddings + number * size, gradient + number * size, inputs.keypoints,
                        inputs.first_person[number], inputs.first_person[number + 1]};
  find_means(people, picture, shape);
  __syncthreads();
  find_losses(people, picture, inputs.person_scales, shape, rule);
  __syncthreads();
  add_gradients(people, picture, inputs.person_scales, shape, rule);
  for (int loss = static_cast<int>(threadIdx.x); loss < 3; loss += static_cast<int>(blockDim.x)) {
    double total = 0;
    for (int person = picture.first; person < picture.end; ++person) total += people.losses[person * 3 + loss];
    picture_losses[number * 3 + loss] = total;
  }
}

__global__ void mean_of_pictures(double* __restrict__ losses, const double* __restrict__ picture_losses, int pictures) {
  for (int loss = static_cast<int>(threadIdx.x); loss < 3; loss += static_cast<int>(blockDim.x)) {
    double total = 0;
    for (int picture = 0; picture < pictures; ++picture) total += picture_losses[picture * 3 + loss];
    losses[loss] = total / pictures;
  }
}

template <int N>
__global__ void clear(float* __restrict__ y, std::size_t n) {
  const std::size_t begin = blockIdx.x * kTile, end = min(begin + kTile, n), whole = end - end % N;
  for (std::size_t i = begin + threadIdx.x * std::size_t{N}; i < whole; i += blockDim.x * std::size_t{N})
    store(y + i, Vec<N>(0.f));
  for (std::size_t i = whole + threadIdx.x; i < end; i += blockDim.x) y[i] = 0.f;
}

struct Workspace {
  double* picture_losses;
  People people;
  std::size_t bytes;
};

Workspace divide(std::byte* workspace, const EmbeddingLossShape& shape) {
  const auto people = static_cast<std::size_t>(shape.people);
  const std::size_t vectors = people * static_cast<std::size_t>(shape.embedding_dim);
  const std::size_t doubles = 3 * static_cast<std::size_t>(shape.pictures) + 3 * vectors + 3 * people;
  const std::size_t bytes = doubles * sizeof(double) + people * sizeof(int);
  if (workspace == nullptr) return {nullptr, {}, bytes};
  auto* next = reinterpret_cast<double*>(workspace);
  const auto take = [&next](std::size_t count) {
    double* taken = next;
    next += count;
    return taken;
  };
  Workspace parts{.picture_losses = take(3 * static_cast<std::size_t>(shape.pictures)), .people = {}, .bytes = bytes};
  parts.people = {take(vectors), take(vectors), take(vectors), take(3 * people), nullptr};
  parts.people.joints = reinterpret_cast<int*>(next);
  return parts;
}

}  // namespace

std::size_t embedding_loss_workspace(const EmbeddingLossShape& shape) { return divide(nullptr, shape).bytes; }

void embedding_loss(const Stream& stream, double* losses, float* gradient, std::byte* workspace,
                    const EmbeddingLossInputs& inputs, const EmbeddingLossShape& shape, const EmbeddingLossRule& rule,
                    LaunchOptions launch_options) {
  const Workspace work = divide(workspace, shape);
  const auto threads = static_cast<unsigned>(launch_options.threads);
  const std::size_t elements = static_cast<std::size_t>(shape.pictures) * static_cast<std::size_t>(shape.height) *
                               static_cast<std::size_t>(shape.width) * static_cast<std::size_t>(shape.keypoints) *
                               static_cast<std::size_t>(shape.embedding_dim);
  launch(fits_vectors<float>(0, gradient) ? clear<kLanes<float>> : clear<1>, pieces(elements, kTile), threads, stream,
         gradient, elements);
  launch(losses_of_pictures, static_cast<unsigned>(shape.pictures), threads, stream, work.picture_losses, gradient,
         work.people, inputs, shape, rule);
  launch(mean_of_pictures, 1, threads, stream, losses, work.picture_losses, shape.pictures);
}

}  // namespace posecu
