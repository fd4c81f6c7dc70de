// All that knows cuDNN: its library, loaded when it is first wanted, its operation graphs, and the plans (an engine
// with its settings) that compute them. Built from layers/cudnn.cpp where POSECU_CUDA is on, else from
// layers/cudnn_absent.cpp, which throws.
//
// The GPU that cuDNN is asked about need not be there: its properties in JSON are enough to choose and build plans, not
// to run them. So plans and their memory are known, and tested, on machines without a GPU.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/precision.h"
#include "layers/convolution.h"

namespace posecu {

enum class Direction { forward, backward_data, backward_weights };

// One call of cuDNN, in the type that the precision stores: x [n,h,w,in], y and sum [n,H',W',out],
// weights [out,kernel,kernel,in], bias [out]. Sums are in float.
struct CudnnOperation {
  Direction direction = Direction::forward;  // y from x and weights; x from y and weights; weights from x and y
  Precision precision = Precision::fp32;
  Bias bias = Bias::no;                // of forward
  Epilogue epilogue = Epilogue::none;  // of forward; `add` adds `sum`
  int n = 1, h = 1, w = 1;             // of x
  ConvolutionSizes sizes;
};
std::string to_string(const CudnnOperation& operation);  // "forward bf16 16x128x128x32 to 64, 3x3, bias, relu"

// Where the tensors of a call are, on the device and aligned to 16 bytes. Null: the operation has no such tensor.
struct CudnnTensors {
  void *x = nullptr, *weights = nullptr, *y = nullptr;
  const void *sum = nullptr, *bias = nullptr;  // sum may be y
};

// An operation made ready for a device. Must not outlive its Cudnn.
class CudnnPlan {
 public:
  ~CudnnPlan();

  const std::string& engine() const;  // cuDNN's name for engine and settings: "eng22_k2=16_k13=0"
  std::size_t workspace() const;      // bytes

  // Queued on `stream`. Neither allocates on the device nor waits: a CUDA graph may record it, which must not outlive
  // the plan.
  void run(const Stream& stream, const CudnnTensors& tensors, void* workspace) const;

  // Milliseconds of one run, the median of `repeats` after one more. Waits.
  double measure(const Stream& stream, const CudnnTensors& tensors, void* workspace, int repeats) const;

 private:
  friend class Cudnn;
  struct Impl;
  explicit CudnnPlan(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class Cudnn {
 public:
  // For the GPU that is current in this thread. Throws MachineError where cuDNN or the GPU is missing.
  Cudnn();
  // To make plans, not to run them: for this GPU of the machine, or for one with these properties in cuDNN's JSON.
  explicit Cudnn(int device_index);
  explicit Cudnn(std::string_view device_properties);
  ~Cudnn();
  Cudnn(const Cudnn&) = delete;
  Cudnn& operator=(const Cudnn&) = delete;

  std::string version() const;  // "9.19.0"

  // Engines for the operation, best first in the judgement of cuDNN's heuristic.
  std::vector<std::string> engines(const CudnnOperation& operation) const;

  // The first of those engines that will do, or the one asked for. An engine will do if it gives the same bits on every
  // run, computes as exactly as the precision says, and need not be compiled first.
  struct Found {
    std::unique_ptr<CudnnPlan> plan;  // null: none, and `problem` says why
    std::string problem;
  };
  Found find(const CudnnOperation& operation) const;
  Found find(const CudnnOperation& operation, const std::string& engine) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace posecu
