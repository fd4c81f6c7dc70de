#include "core/cuda.h"

#include <cuda.h>
#include <cuda_runtime.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/cuda_checks.h"
#include "core/error.h"

namespace posecu {
namespace {

// An error that kernels met earlier is reported by whatever call comes next.
void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  throw MachineError(describe_cuda_error(error, what, cudaGetErrorString(error), cudaGetErrorName(error)));
}

// The driver's functions are looked up at run time: the program must start where there is no driver.
template <class F>
F driver_function(const char* name) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found{};
  check(cudaGetDriverEntryPointByVersion(name, &function, 12000, cudaEnableDefault, &found), name);
  if (found != cudaDriverEntryPointSuccess || function == nullptr)
    throw MachineError(fmt::format("CUDA: the driver has no {}\n  try: a newer NVIDIA driver", name));
  return reinterpret_cast<F>(function);
}

struct VirtualMemory {
  decltype(&cuMemAddressReserve) reserve = driver_function<decltype(&cuMemAddressReserve)>("cuMemAddressReserve");
  decltype(&cuMemAddressFree) free = driver_function<decltype(&cuMemAddressFree)>("cuMemAddressFree");
  decltype(&cuMemCreate) create = driver_function<decltype(&cuMemCreate)>("cuMemCreate");
  decltype(&cuMemRelease) release = driver_function<decltype(&cuMemRelease)>("cuMemRelease");
  decltype(&cuMemMap) map = driver_function<decltype(&cuMemMap)>("cuMemMap");
  decltype(&cuMemUnmap) unmap = driver_function<decltype(&cuMemUnmap)>("cuMemUnmap");
  decltype(&cuMemSetAccess) set_access = driver_function<decltype(&cuMemSetAccess)>("cuMemSetAccess");
  decltype(&cuGetErrorString) text = driver_function<decltype(&cuGetErrorString)>("cuGetErrorString");

  void check(CUresult result, const char* what) const {
    if (result == CUDA_SUCCESS) return;
    const char* reason = "?";
    (void)text(result, &reason);
    throw MachineError(describe_cuda_error(result, what, reason, "driver"));  // both number errors alike
  }
};

// Memory is taken from the device in pieces of this many bytes, a multiple of every GPU's page.
constexpr std::size_t kPiece = std::size_t{64} << 20;

CudaDeviceInfo info_of(int index) {
  CudaDeviceInfo info;
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, index), "cannot ask for the properties of a device");
  info.name = properties.name;
  info.major = properties.major, info.minor = properties.minor;
  info.memory = info.free = properties.totalGlobalMem;
  info.multiprocessors = properties.multiProcessorCount;
  check(cudaDriverGetVersion(&info.driver_version), "cannot ask for the driver's version");
  check(cudaRuntimeGetVersion(&info.runtime_version), "cannot ask for the runtime's version");
  return info;
}

}  // namespace

struct CudaGraph::Impl {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  ~Impl() {
    if (executable != nullptr) cudaGraphExecDestroy(executable);
    if (graph != nullptr) cudaGraphDestroy(graph);
  }
};
CudaGraph::CudaGraph() = default;
CudaGraph::~CudaGraph() = default;
CudaGraph::CudaGraph(CudaGraph&&) noexcept = default;
CudaGraph& CudaGraph::operator=(CudaGraph&&) noexcept = default;

struct CudaDevice::Impl {
  explicit Impl(int device) : index(device) {
    for (cudaStream_t& stream : streams)
      check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cannot make a stream");
    for (cudaEvent_t& event : joints)
      check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cannot make an event");
    for (cudaEvent_t& event : marks)
      check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cannot make an event");
  }
  ~Impl() {
    (void)cudaDeviceSynchronize();
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      (void)virtual_memory->unmap(base + i * kPiece, kPiece);
      (void)virtual_memory->release(pieces[i]);
    }
    if (shared != nullptr) (void)cudaFree(shared);
    if (base != 0) (void)virtual_memory->free(base, reserved);
    for (cudaEvent_t event : joints) (void)cudaEventDestroy(event);
    for (cudaEvent_t event : marks) (void)cudaEventDestroy(event);
    for (cudaEvent_t event : stamps) (void)cudaEventDestroy(event);
    for (cudaStream_t stream : streams) (void)cudaStreamDestroy(stream);
  }

  void add_piece() {
    CUmemAllocationProp kind{};
    kind.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    kind.location = {CU_MEM_LOCATION_TYPE_DEVICE, index};
    const CUdeviceptr place = base + pieces.size() * kPiece;
    CUmemGenericAllocationHandle piece{};
    virtual_memory->check(virtual_memory->create(&piece, kPiece, &kind, 0), "cannot get device memory");
    pieces.push_back(piece);
    virtual_memory->check(virtual_memory->map(place, kPiece, 0, piece, 0), "cannot map device memory");
    const CUmemAccessDesc access{kind.location, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
    virtual_memory->check(virtual_memory->set_access(place, kPiece, &access, 1), "cannot use device memory");
  }

  static bool recording(cudaStream_t stream) {
    cudaStreamCaptureStatus status{};
    check(cudaStreamIsCapturing(stream, &status), "cannot ask a stream");
    return status != cudaStreamCaptureStatusNone;
  }

  // The host reads shared memory without asking: what is queued must be done. But while it is being recorded.
  void settle(cudaStream_t stream) const {
    if (shared != nullptr && !recording(stream)) check(cudaStreamSynchronize(stream), "the device stopped");
  }

  int index;
  std::array<cudaStream_t, kLanes + 1> streams{};  // the last one is for copies
  std::array<cudaEvent_t, kLanes> joints{};
  std::array<cudaEvent_t, kMarks> marks{};
  std::vector<cudaEvent_t> stamps;
  std::unique_ptr<VirtualMemory> virtual_memory;
  void* shared = nullptr;
  CUdeviceptr base = 0;
  std::size_t reserved = 0;
  std::vector<CUmemGenericAllocationHandle> pieces;
};

bool cuda_built() { return true; }

std::vector<CudaDeviceInfo> cuda_devices() {
  int driver = 0, runtime = 0, count = 0;
  check(cudaDriverGetVersion(&driver), "cannot ask for the driver's version");
  check(cudaRuntimeGetVersion(&runtime), "cannot ask for the runtime's version");
  check_driver(driver, runtime);
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaErrorNoDevice) check(error, "cannot count the devices");
  std::vector<CudaDeviceInfo> devices;
  for (int i = 0; i < count; ++i) devices.push_back(info_of(i));
  if (devices.empty()) check_device(devices, 0);
  return devices;
}

CudaDevice::CudaDevice(int index) {
  const std::vector<CudaDeviceInfo> devices = cuda_devices();
  check_device(devices, index);
  info_ = devices[static_cast<std::size_t>(index)];
  check(cudaSetDevice(index), "cannot use the device");
  impl_ = std::make_unique<Impl>(index);
  check(cudaMemGetInfo(&info_.free, &info_.memory), "cannot ask for free memory");
}

CudaDevice::~CudaDevice() = default;

void* CudaDevice::queue(int lane) const { return impl_->streams[static_cast<std::size_t>(lane)]; }
void* CudaDevice::copy_queue() const { return impl_->streams.back(); }

std::byte* CudaDevice::reserve(std::size_t bytes) {
  require(impl_->base == 0, "a device's memory is reserved once");
  impl_->virtual_memory = std::make_unique<VirtualMemory>();
  impl_->reserved = (bytes + kPiece - 1) / kPiece * kPiece;
  impl_->virtual_memory->check(impl_->virtual_memory->reserve(&impl_->base, impl_->reserved, 0, 0, 0),
                               "cannot reserve addresses for device memory");
  return reinterpret_cast<std::byte*>(impl_->base);
}

void CudaDevice::commit(std::size_t bytes) {
  require(bytes <= impl_->reserved, "more device memory is used than was reserved");
  while (impl_->pieces.size() * kPiece < bytes) impl_->add_piece();
}

std::byte* CudaDevice::reserve_shared(std::size_t bytes) {
  require(impl_->shared == nullptr, "a device's memory is reserved once");
  check(cudaMallocManaged(&impl_->shared, bytes), "cannot reserve shared memory");
  return static_cast<std::byte*>(impl_->shared);
}

void CudaDevice::upload(void* to, const void* from, std::size_t bytes, void* queue) {
  const auto stream = static_cast<cudaStream_t>(queue);
  require(!impl_->recording(stream), "an upload was recorded, which would be replayed from memory that is gone");
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream), "upload failed");
  impl_->settle(stream);
}

void CudaDevice::download(void* to, const void* from, std::size_t bytes, void* queue) {
  const auto stream = static_cast<cudaStream_t>(queue);
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream), "download failed");
  check(cudaStreamSynchronize(stream), "download failed");
}

void CudaDevice::copy(void* to, const void* from, std::size_t bytes, void* queue) {
  const auto stream = static_cast<cudaStream_t>(queue);
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream), "a copy on the device failed");
  impl_->settle(stream);
}

void CudaDevice::zero(void* to, std::size_t bytes, void* queue) {
  const auto stream = static_cast<cudaStream_t>(queue);
  check(cudaMemsetAsync(to, 0, bytes, stream), "clearing device memory failed");
  impl_->settle(stream);
}

void CudaDevice::synchronise() { check(cudaDeviceSynchronize(), "the device stopped"); }

void CudaDevice::fork(int lanes) {
  check(cudaEventRecord(impl_->joints[0], impl_->streams[0]), "cannot fork a stream");
  for (int lane = 1; lane < lanes; ++lane)
    check(cudaStreamWaitEvent(impl_->streams[static_cast<std::size_t>(lane)], impl_->joints[0], 0),
          "cannot fork a stream");
}

void CudaDevice::join(int lanes) {
  for (int lane = 1; lane < lanes; ++lane) {
    const auto i = static_cast<std::size_t>(lane);
    check(cudaEventRecord(impl_->joints[i], impl_->streams[i]), "cannot join streams");
    check(cudaStreamWaitEvent(impl_->streams[0], impl_->joints[i], 0), "cannot join streams");
  }
}

void CudaDevice::begin_capture() {
  // Relaxed: memory may have to be committed meanwhile.
  check(cudaStreamBeginCapture(impl_->streams[0], cudaStreamCaptureModeRelaxed), "cannot record a graph");
}

CudaGraph CudaDevice::end_capture() {
  CudaGraph result;
  result.impl_ = std::make_unique<CudaGraph::Impl>();
  check(cudaStreamEndCapture(impl_->streams[0], &result.impl_->graph), "cannot record a graph");
  check(cudaGraphInstantiate(&result.impl_->executable, result.impl_->graph, 0), "cannot prepare a graph");
  return result;
}

void CudaDevice::abandon_capture() noexcept {
  cudaGraph_t graph = nullptr;
  if (cudaStreamEndCapture(impl_->streams[0], &graph) == cudaSuccess && graph != nullptr) (void)cudaGraphDestroy(graph);
  (void)cudaGetLastError();
}

void CudaDevice::launch(const CudaGraph& graph, void* queue) {
  require(!graph.empty(), "an empty graph was launched");
  const auto stream = static_cast<cudaStream_t>(queue);
  check(cudaGraphLaunch(graph.impl_->executable, stream), "cannot launch a graph");
  impl_->settle(stream);
}

std::byte* CudaDevice::allocate_pinned(std::size_t bytes) {
  void* block = nullptr;
  check(cudaMallocHost(&block, bytes), "cannot get pinned memory");
  return static_cast<std::byte*>(block);
}

void CudaDevice::free_pinned(std::byte* block) noexcept { (void)cudaFreeHost(block); }

void CudaDevice::upload_pinned(void* to, const void* from, std::size_t bytes, void* queue) {
  upload(to, from, bytes, queue);
}

void CudaDevice::mark(int which, void* queue) {
  check(cudaEventRecord(impl_->marks.at(static_cast<std::size_t>(which)), static_cast<cudaStream_t>(queue)),
        "cannot mark a stream");
}

void CudaDevice::wait(int which, void* queue) {
  check(cudaStreamWaitEvent(static_cast<cudaStream_t>(queue), impl_->marks.at(static_cast<std::size_t>(which)), 0),
        "cannot wait for a stream");
}

void CudaDevice::wait(int which) {
  check(cudaEventSynchronize(impl_->marks.at(static_cast<std::size_t>(which))), "the device stopped");
}

int CudaDevice::stamp(void* queue) {
  cudaEvent_t event = nullptr;
  check(cudaEventCreate(&event), "cannot make an event");
  impl_->stamps.push_back(event);
  check(cudaEventRecord(event, static_cast<cudaStream_t>(queue)), "cannot time a stream");
  return static_cast<int>(impl_->stamps.size()) - 1;
}

double CudaDevice::milliseconds(int first, int second) {
  const cudaEvent_t from = impl_->stamps.at(static_cast<std::size_t>(first)),
                    to = impl_->stamps.at(static_cast<std::size_t>(second));
  check(cudaEventSynchronize(to), "the device stopped");
  float result = 0;
  check(cudaEventElapsedTime(&result, from, to), "cannot time a stream");
  return result;
}

}  // namespace posecu
