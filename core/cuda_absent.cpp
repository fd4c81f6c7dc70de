// A build without CUDA: there is never a device, so nothing but the first three can be reached.
#include "core/cuda.h"
#include "core/error.h"

namespace posecu {
namespace {

[[noreturn]] void absent() {
  throw MachineError("this posecu was built without CUDA; try --device cpu, or cmake --preset cuda");
}

}  // namespace

struct CudaGraph::Impl {};
CudaGraph::CudaGraph() = default;
CudaGraph::~CudaGraph() = default;
CudaGraph::CudaGraph(CudaGraph&&) noexcept = default;
CudaGraph& CudaGraph::operator=(CudaGraph&&) noexcept = default;

struct CudaDevice::Impl {};

bool cuda_built() { return false; }
std::vector<CudaDeviceInfo> cuda_devices() { absent(); }

CudaDevice::CudaDevice(int) { absent(); }
CudaDevice::~CudaDevice() = default;
void* CudaDevice::queue(int) const { absent(); }
void* CudaDevice::copy_queue() const { absent(); }
std::byte* CudaDevice::reserve(std::size_t) { absent(); }
void CudaDevice::commit(std::size_t) { absent(); }
std::byte* CudaDevice::reserve_shared(std::size_t) { absent(); }
void CudaDevice::upload(void*, const void*, std::size_t, void*) { absent(); }
void CudaDevice::download(void*, const void*, std::size_t, void*) { absent(); }
void CudaDevice::copy(void*, const void*, std::size_t, void*) { absent(); }
void CudaDevice::zero(void*, std::size_t, void*) { absent(); }
void CudaDevice::synchronise() { absent(); }
void CudaDevice::fork(int) { absent(); }
void CudaDevice::join(int) { absent(); }
void CudaDevice::begin_capture() { absent(); }
CudaGraph CudaDevice::end_capture() { absent(); }
void CudaDevice::abandon_capture() noexcept {}
void CudaDevice::launch(const CudaGraph&, void*) { absent(); }
std::byte* CudaDevice::allocate_pinned(std::size_t) { absent(); }
void CudaDevice::free_pinned(std::byte*) noexcept {}
void CudaDevice::upload_pinned(void*, const void*, std::size_t, void*) { absent(); }
void CudaDevice::mark(int, void*) { absent(); }
void CudaDevice::wait(int, void*) { absent(); }
void CudaDevice::wait(int) { absent(); }
int CudaDevice::stamp(void*) { absent(); }
double CudaDevice::milliseconds(int, int) { absent(); }

}  // namespace posecu
