#include "data/stb.h"

#include <cstdlib>
#include <memory>
#include <new>

namespace posecu {
namespace {

// stb_image offers no argument for this. A crafted file may inflate to far more than its picture needs.
thread_local std::size_t allocation_limit = 0;

thread_local bool memory_ended = false;  // the machine's, not the limit

void* given(void* block) {
  memory_ended = memory_ended || block == nullptr;
  return block;
}
void* limited_malloc(std::size_t bytes) { return bytes > allocation_limit ? nullptr : given(std::malloc(bytes)); }
void* limited_realloc(void* block, std::size_t bytes) {
  return bytes > allocation_limit ? nullptr : given(std::realloc(block, bytes));
}

}  // namespace
}  // namespace posecu

#define STBI_MALLOC(bytes) posecu::limited_malloc(bytes)
#define STBI_REALLOC(block, bytes) posecu::limited_realloc(block, bytes)
#define STBI_FREE(block) std::free(block)
#define STBI_MAX_DIMENSIONS 16384
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>

namespace posecu {

std::optional<StbPicture> stb_decode(std::span<const std::byte> bytes, std::size_t most_bytes, std::string& reason) {
  allocation_limit = most_bytes;
  memory_ended = false;
  stbi__g_failure_reason = nullptr;  // it does not set it for every failure
  StbPicture result;
  int channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()), static_cast<int>(bytes.size()),
                            &result.width, &result.height, &channels, STBI_rgb),
      stbi_image_free);
  if (pixels == nullptr) {
    if (memory_ended) throw std::bad_alloc();
    const char* given_reason = stbi_failure_reason();
    reason = given_reason != nullptr ? given_reason : "the compressed pixels are not valid";
    return std::nullopt;
  }
  const std::size_t size = static_cast<std::size_t>(result.width) * static_cast<std::size_t>(result.height) * 3;
  result.pixels.assign(pixels.get(), pixels.get() + size);
  return result;
}

std::vector<std::uint8_t> stb_encode_png(int width, int height, int channels, std::span<const std::uint8_t> pixels) {
  std::vector<std::uint8_t> result;
  const auto append = [](void* context, void* data, int size) {
    const auto* begin = static_cast<const std::uint8_t*>(data);
    auto& bytes = *static_cast<std::vector<std::uint8_t>*>(context);
    bytes.insert(bytes.end(), begin, begin + size);
  };
  stbi_write_png_to_func(append, &result, width, height, channels, pixels.data(), width * channels);
  return result;
}

}  // namespace posecu
