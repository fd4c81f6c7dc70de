#include "models/weights_file.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <utility>

#include "core/error.h"
#include "core/file.h"

namespace posecu {
namespace {

bool is_named_pth(const std::string& path) {
  const std::string ending = std::filesystem::path(path).extension().string();
  return ending == ".pth" || ending == ".pt" || ending == ".tar" || ending == ".bin";
}

void check_size(const std::string& path, std::uint64_t max_bytes) {
  std::error_code unknown;
  const std::uint64_t bytes = std::filesystem::file_size(path, unknown);
  if (unknown || bytes <= max_bytes) return;
  throw InputError(
      path, "",
      fmt::format("{} bytes, and a weights file may have {}\n  try: --max-model-bytes {}, if that is right", bytes,
                  max_bytes, bytes));
}

WeightsFile file_of(Safetensors tensors, std::vector<PthScalar> scalars, WeightsFormat format) {
  NameMap map = map_names(tensors);
  return {std::move(tensors), std::move(scalars), format, std::move(map)};
}

}  // namespace

std::string_view to_string(WeightsFormat format) {
  static constexpr std::array<std::string_view, 3> kTexts{"safetensors", "PyTorch, zip", "PyTorch, before version 1.6"};
  return kTexts[static_cast<std::size_t>(format)];
}

Safetensors WeightsFile::official() && { return carry_over(std::move(tensors), map); }

WeightsFile read_weights_file(const std::string& path, std::uint64_t max_bytes) {
  check_size(path, max_bytes);
  std::vector<std::byte> contents = read_file(path, max_bytes);
  if (looks_like_pth(contents) || is_named_pth(path)) {
    PthFile file = parse_pth(path, std::move(contents));
    const bool zip = file.format == PthFormat::zip;
    return file_of(std::move(file.tensors), std::move(file.scalars),
                   zip ? WeightsFormat::pth_zip : WeightsFormat::pth_legacy);
  }
  Safetensors file = Safetensors::parse(path, std::move(contents));
  verify_checksum(file);
  return file_of(std::move(file), {}, WeightsFormat::safetensors);
}

}  // namespace posecu
