// A build without CUDA: there is no Cudnn, so nothing but its constructors can be reached.
#include "core/error.h"
#include "layers/cudnn.h"

namespace posecu {
namespace {

[[noreturn]] void absent() {
  throw MachineError(
      "this posecu was built without CUDA\n"
      "  try: cmake --preset cuda && cmake --build --preset cuda, or --device cpu");
}

}  // namespace

struct CudnnPlan::Impl {};
CudnnPlan::CudnnPlan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CudnnPlan::~CudnnPlan() = default;
const std::string& CudnnPlan::engine() const { absent(); }
std::size_t CudnnPlan::workspace() const { absent(); }
void CudnnPlan::run(const Stream&, const CudnnTensors&, void*) const { absent(); }
double CudnnPlan::measure(const Stream&, const CudnnTensors&, void*, int) const { absent(); }

struct Cudnn::Impl {};
Cudnn::Cudnn() { absent(); }
Cudnn::Cudnn(int) { absent(); }
Cudnn::Cudnn(std::string_view) { absent(); }
Cudnn::~Cudnn() = default;
std::string Cudnn::version() const { absent(); }
std::vector<std::string> Cudnn::engines(const CudnnOperation&) const { absent(); }
Cudnn::Found Cudnn::find(const CudnnOperation&) const { absent(); }
Cudnn::Found Cudnn::find(const CudnnOperation&, const std::string&) const { absent(); }

}  // namespace posecu
