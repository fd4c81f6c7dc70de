// cudnn-frontend is included here alone: it takes a minute to compile.
#include "layers/cudnn.h"

#include <cudnn_frontend.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <nvtx3/nvToolsExt.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace cudnn_frontend {
void* cudnn_dlhandle = nullptr;  // declared by cudnn-frontend, which looks cuDNN's functions up in it
}

namespace posecu {
namespace {

namespace fe = cudnn_frontend;
using fe::graph::Graph;
using fe::graph::Tensor_attributes;
using Dimensions = std::vector<std::int64_t>;
using TensorPointer = std::shared_ptr<Tensor_attributes>;

constexpr int kMinimumVersion = 90800;  // the first to know devices by their properties alone

// Names of the tensors in a graph. execute() takes their places in this order.
enum Uid : std::int64_t { kX = 1, kWeights, kY, kSum, kBias };

void check(fe::error_t error, const std::string& what) {
  if (error.is_bad()) {
    throw MachineError(fmt::format("cuDNN cannot {}: {}", what, error.get_message()));
  }
}

void check(cudnnStatus_t status, const std::string& what) {
  if (status != CUDNN_STATUS_SUCCESS) {
    throw MachineError(fmt::format("cuDNN cannot {}: {}", what, fe::detail::get_error_string(status)));
  }
}

void check(cudaError_t error, const std::string& what) {
  if (error != cudaSuccess) throw MachineError(fmt::format("CUDA cannot {}: {}", what, cudaGetErrorString(error)));
}

// The library stays loaded until the program ends: cudnn-frontend keeps addresses of its functions.
void load_library() {
  if (fe::cudnn_dlhandle != nullptr) return;
  // Of the CUDA runtime cudnn-frontend would load a second copy, only to look whether a thread has a context; ours
  // have.
  setenv("CUDNN_FRONTEND_CUDART_LIB_NAME", "not wanted", 0);
  void* const library = dlopen("libcudnn.so.9", RTLD_NOW);
  if (library == nullptr) {
    throw MachineError(
        fmt::format("cannot load cuDNN 9: {}\n"
                    "  try: install cuDNN 9, or name its folder in LD_LIBRARY_PATH (PyTorch has one, "
                    "site-packages/nvidia/cudnn/lib)",
                    dlerror()));
  }
  fe::cudnn_dlhandle = library;
  const auto version = fe::detail::get_backend_version();
  if (version < kMinimumVersion) {
    fe::cudnn_dlhandle = nullptr;
    throw MachineError(
        fmt::format("cuDNN 9.8 or later is needed, found {}", fe::detail::convert_version_to_str(version)));
  }
}

// Names what a thread queues meanwhile, for profilers.
class Range {
 public:
  explicit Range(const std::string& name) { nvtxRangePushA(name.c_str()); }
  ~Range() { nvtxRangePop(); }
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
};

fe::DataType_t storage(Precision precision) {
  switch (precision) {
    case Precision::bf16:
      return fe::DataType_t::BFLOAT16;
    case Precision::fp16:
      return fe::DataType_t::HALF;
    default:
      return fe::DataType_t::FLOAT;
  }
}

int output_size(const CudnnOperation& operation, int size) {
  const auto& [in, out, kernel, stride, padding] = operation.sizes;
  return (size + 2 * padding - kernel) / stride + 1;
}

// Describes a dense NHWC tensor; cuDNN names the axes N, C, H, W.
Tensor_attributes& set_nhwc(Tensor_attributes& tensor, Uid uid, int n, int h, int w, int c) {
  return tensor.set_uid(uid)
      .set_dim({n, c, h, w})
      .set_stride({std::int64_t{h} * w * c, 1, std::int64_t{w} * c, std::int64_t{c}});
}

// The graph of one operation, and its tensors.
class OperationGraph {
 public:
  OperationGraph(Graph& graph, const CudnnOperation& operation) : graph_(graph), operation_(operation) {
    const auto& [in, out, kernel, stride, padding] = operation.sizes;
    set_nhwc(x_, kX, operation.n, operation.h, operation.w, in);
    set_nhwc(y_, kY, operation.n, output_size(operation, operation.h), output_size(operation, operation.w), out);
    set_nhwc(weights_, kWeights, out, kernel, kernel, in);
    set_nhwc(bias_, kBias, 1, 1, 1, out);
  }

  void build() {
    switch (operation_.direction) {
      case Direction::forward:
        return finish(epilogue(graph_.conv_fprop(graph_.tensor(x_), graph_.tensor(weights_),
                                                 geometry<fe::graph::Conv_fprop_attributes>())),
                      y_);
      case Direction::backward_data:
        return finish(
            graph_.conv_dgrad(graph_.tensor(y_), graph_.tensor(weights_), geometry<fe::graph::Conv_dgrad_attributes>()),
            x_);
      case Direction::backward_weights:
        return finish(
            graph_.conv_wgrad(graph_.tensor(y_), graph_.tensor(x_), geometry<fe::graph::Conv_wgrad_attributes>()),
            weights_);
    }
  }

 private:
  template <class Attributes>
  Attributes geometry() const {
    const Dimensions stride(2, operation_.sizes.stride), padding(2, operation_.sizes.padding);
    return Attributes().set_padding(padding).set_stride(stride).set_dilation({1, 1});
  }

  TensorPointer pointwise(fe::PointwiseMode_t mode, const TensorPointer& a, const TensorPointer& b = nullptr) {
    const auto attributes = fe::graph::Pointwise_attributes().set_mode(mode);
    return b == nullptr ? graph_.pointwise(a, attributes) : graph_.pointwise(a, b, attributes);
  }

  // In this order, convolution + sum + bias, cuDNN has engines that are compiled already; with the bias first, or in
  // float beside 16-bit operands, it compiles one for each shape at run time.
  TensorPointer epilogue(TensorPointer y) {
    Tensor_attributes sum = y_;
    if (operation_.epilogue == Epilogue::add || operation_.epilogue == Epilogue::add_relu) {
      y = pointwise(fe::PointwiseMode_t::ADD, y, graph_.tensor(sum.set_uid(kSum)));
    }
    if (operation_.bias == Bias::yes) y = pointwise(fe::PointwiseMode_t::ADD, y, graph_.tensor(bias_));
    if (operation_.epilogue == Epilogue::relu || operation_.epilogue == Epilogue::add_relu) {
      y = pointwise(fe::PointwiseMode_t::RELU_FWD, y);
    }
    return y;
  }

  void finish(const TensorPointer& result, const Tensor_attributes& wanted) {
    result->set_output(true).set_uid(wanted.get_uid()).set_dim(wanted.get_dim()).set_stride(wanted.get_stride());
    result->set_data_type(storage(operation_.precision));
  }

  Graph& graph_;
  const CudnnOperation& operation_;
  Tensor_attributes x_, y_, weights_, bias_;
};

// What must not be: other bits from run to run, sums in 16 bits, engines that take seconds to compile; in fp32 also
// products on tensor cores, which round their factors to TF32.
void exclude_engines(Graph& graph, Precision precision) {
  using Note = fe::NumericalNote_t;
  std::vector<Note> notes = {Note::NONDETERMINISTIC, Note::REDUCED_PRECISION_REDUCTION, Note::DOWN_CONVERT_INPUTS};
  if (precision == Precision::fp32) notes.push_back(Note::TENSOR_CORE);
  graph.deselect_numeric_notes(notes);
  graph.deselect_behavior_notes({fe::BehaviorNote_t::RUNTIME_COMPILATION});
}

// "eng22_k2=16_k13=0" is engine 22 with the settings 2 and 13.
struct Engine {
  std::int64_t id = 0;
  std::unordered_map<fe::KnobType_t, std::int64_t> settings;
};
std::optional<Engine> parse_engine(std::string_view name) {
  const auto number = [&](std::string_view before) -> std::optional<std::int64_t> {
    std::int64_t value = 0;
    if (!name.starts_with(before)) return {};
    name.remove_prefix(before.size());
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    if (error != std::errc()) return {};
    name.remove_prefix(static_cast<std::size_t>(end - name.data()));
    return value;
  };
  Engine engine;
  const auto id = number("eng");
  if (!id) return {};
  engine.id = *id;
  while (!name.empty()) {
    const auto setting = number("_k");
    const auto value = number("=");
    if (!setting || !value) return {};
    engine.settings[fe::convert_from_backend_knob_type(static_cast<cudnnBackendKnobType_t>(*setting))] = *value;
  }
  return engine;
}

fe::error_t list_engines(Graph& graph) {
  return graph.create_execution_plans({fe::HeurMode_t::A, fe::HeurMode_t::FALLBACK});
}

std::string first_lines(const std::string& message) {  // cuDNN's messages list every engine that it tried
  constexpr std::size_t kEnough = 300;
  return message.size() <= kEnough ? message : message.substr(0, kEnough) + " ...";
}

}  // namespace

struct Cudnn::Impl {
  cudnnHandle_t handle = nullptr;
  std::shared_ptr<fe::DeviceProperties> device;  // null: that of the handle

  Impl() { load_library(); }
  ~Impl() {
    if (handle != nullptr) static_cast<void>(fe::detail::destroy_handle(handle));
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // The operation's graph, before an engine is chosen.
  std::unique_ptr<Graph> graph(const CudnnOperation& operation) const {
    auto result = std::make_unique<Graph>();
    result->set_io_data_type(storage(operation.precision))
        .set_intermediate_data_type(fe::DataType_t::FLOAT)
        .set_compute_data_type(fe::DataType_t::FLOAT)
        .set_cuda_graph_retention(fe::CudaGraphRetention_t::NONE);  // plans outlive recorded graphs
    if (device != nullptr) result->set_device_properties(device);
    OperationGraph(*result, operation).build();
    check(result->validate(), "describe " + to_string(operation));
    check(device != nullptr ? result->build_operation_graph() : result->build_operation_graph(handle),
          "build the graph of " + to_string(operation));
    return result;
  }

  // The engine of this name, in a graph that holds no other.
  Found exactly(const CudnnOperation& operation, const std::string& name) const {
    const auto engine = parse_engine(name);
    if (!engine) return {nullptr, fmt::format("'{}' is no engine's name", name)};
    auto made = graph(operation);
    auto status = made->create_execution_plan(engine->id, engine->settings);
    if (status.is_good()) {
      exclude_engines(*made, operation.precision);
      status = made->build_plan_at_index(0);
    }
    if (status.is_bad()) return {nullptr, first_lines(status.get_message())};
    return {plan(std::move(made), 0, operation, name), {}};
  }

  // The heuristic's first engine that is wanted and will do.
  template <class Wanted>
  Found first(const CudnnOperation& operation, const Wanted& wanted) const {
    auto all = graph(operation);
    if (auto listed = list_engines(*all); listed.is_bad()) return {nullptr, first_lines(listed.get_message())};
    exclude_engines(*all, operation.precision);
    std::string problem = "cuDNN has no such engine", name;
    for (std::int64_t i = 0; i < all->get_execution_plan_count(); ++i) {
      check(all->get_plan_name_at_index(i, name), "name an engine");
      if (!wanted(name)) continue;
      if (auto built = all->build_plan_at_index(i); built.is_bad()) {
        problem = first_lines(built.get_message());
        continue;
      }
      Found alone = exactly(operation, name);  // dozens of others would take a megabyte
      return alone.plan != nullptr ? std::move(alone) : Found{plan(std::move(all), i, operation, name), {}};
    }
    return {nullptr, problem};
  }

  std::unique_ptr<CudnnPlan> plan(std::unique_ptr<Graph> graph, std::int64_t index, const CudnnOperation& operation,
                                  const std::string& name) const;
};

struct CudnnPlan::Impl {
  std::unique_ptr<Graph> graph;
  std::int64_t index;  // of the engine in the graph
  cudnnHandle_t handle;
  std::string operation, engine;
  std::size_t workspace = 0;
};

std::unique_ptr<CudnnPlan> Cudnn::Impl::plan(std::unique_ptr<Graph> graph, std::int64_t index,
                                             const CudnnOperation& operation, const std::string& name) const {
  std::int64_t workspace = 0;
  check(graph->get_workspace_size_plan_at_index(index, workspace), "measure the memory of " + to_string(operation));
  auto impl = std::make_unique<CudnnPlan::Impl>(CudnnPlan::Impl{std::move(graph), index, handle, to_string(operation),
                                                                name, static_cast<std::size_t>(workspace)});
  return std::unique_ptr<CudnnPlan>(new CudnnPlan(std::move(impl)));
}

CudnnPlan::CudnnPlan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CudnnPlan::~CudnnPlan() = default;
const std::string& CudnnPlan::engine() const { return impl_->engine; }
std::size_t CudnnPlan::workspace() const { return impl_->workspace; }

void CudnnPlan::run(const Stream& stream, const CudnnTensors& tensors, void* workspace) const {
  if (stream.dry_run) return;
  require(impl_->handle != nullptr, "a plan for a GPU that is not there was run");
  const Range range(impl_->operation);
  void* places[] = {tensors.x, tensors.weights, tensors.y, const_cast<void*>(tensors.sum),
                    const_cast<void*>(tensors.bias)};
  const auto end = std::remove(std::begin(places), std::end(places), nullptr);
  check(fe::detail::set_stream(impl_->handle, static_cast<cudaStream_t>(stream.queue)), "take a stream");
  check(impl_->graph->execute_plan_at_index(impl_->handle, places, static_cast<int>(end - places), workspace,
                                            impl_->index),
        "run " + impl_->operation);
}

double CudnnPlan::measure(const Stream& stream, const CudnnTensors& tensors, void* workspace, int repeats) const {
  const auto queue = static_cast<cudaStream_t>(stream.queue);
  cudaEvent_t begin = nullptr, end = nullptr;
  check(cudaEventCreate(&begin), "make an event");
  check(cudaEventCreate(&end), "make an event");
  std::vector<float> times;
  for (int i = 0; i <= repeats; ++i) {
    check(cudaEventRecord(begin, queue), "record an event");
    run(stream, tensors, workspace);
    check(cudaEventRecord(end, queue), "record an event");
    check(cudaEventSynchronize(end), "run " + impl_->operation);
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, begin, end), "measure " + impl_->operation);
    if (i > 0) times.push_back(milliseconds);
  }
  check(cudaEventDestroy(begin), "free an event");
  check(cudaEventDestroy(end), "free an event");
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return static_cast<double>(*middle);
}

Cudnn::Cudnn() : impl_(std::make_unique<Impl>()) {
  const cudnnStatus_t status = fe::detail::create_handle(&impl_->handle);
  if (status != CUDNN_STATUS_SUCCESS) {
    throw MachineError(
        fmt::format("cuDNN {} cannot start on this GPU: {}\n"
                    "  try: a driver as new as the CUDA that this cuDNN is made for",
                    version(), fe::detail::get_error_string(status)));
  }
}

Cudnn::Cudnn(int device_index) : impl_(std::make_unique<Impl>()) {
  impl_->device = std::make_shared<fe::DeviceProperties>();
  check(impl_->device->set_device_id(device_index).build(), "read the properties of a device");
}

Cudnn::Cudnn(std::string_view device_properties) : impl_(std::make_unique<Impl>()) {
  impl_->device = std::make_shared<fe::DeviceProperties>();
  check(impl_->device->deserialize({device_properties.begin(), device_properties.end()}),
        "read the properties of a device");
}

Cudnn::~Cudnn() = default;

std::string Cudnn::version() const { return fe::detail::convert_version_to_str(fe::detail::get_backend_version()); }

std::vector<std::string> Cudnn::engines(const CudnnOperation& operation) const {
  const auto graph = impl_->graph(operation);
  std::vector<std::string> names;
  if (list_engines(*graph).is_bad()) return names;
  for (std::int64_t i = 0; i < graph->get_execution_plan_count(); ++i) {
    check(graph->get_plan_name_at_index(i, names.emplace_back()), "name an engine");
  }
  return names;
}

Cudnn::Found Cudnn::find(const CudnnOperation& operation) const {
  return impl_->first(operation, [](const std::string&) { return true; });
}

Cudnn::Found Cudnn::find(const CudnnOperation& operation, const std::string& engine) const {
  Found found = impl_->exactly(operation, engine);
  if (found.plan != nullptr) return found;
  // Some settings of old engines are in no call of cudnn-frontend's: those engines are met in the heuristic's list
  // alone.
  return impl_->first(operation, [&](const std::string& name) { return name == engine; });
}

}  // namespace posecu
