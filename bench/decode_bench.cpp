// Times decoding on maps from a safetensors file, one decoding for each line on standard input: so that
// compare_decode.py can take turns with the official post-processing. Prints "ms people score" a line, the score being
// the sum over people.
//
//   decode_bench MAPS.safetensors [THREADS]     heatmaps [2,h,w,17], embeddings [2,h',w',17*M], base [width,height]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

#include "core/context.h"
#include "core/safetensors.h"
#include "pose/decode.h"

namespace {

using namespace posecu;

Tensor<float> stored(Context& context, const Safetensors& file, const std::string& name) {
  const auto& shape = file.at(name).shape;
  const auto size = [&](std::size_t axis) { return static_cast<int>(shape.at(axis)); };
  Tensor<float> tensor = context.tensor<float>({size(0), size(1), size(2), size(3)});
  std::ranges::copy(file.floats(name), tensor.data());
  return tensor;
}

void run(const std::string& path, int threads) {
  Context context({.threads = threads});
  const Safetensors file = Safetensors::read(path);
  const Tensor<float> heatmaps = stored(context, file, "heatmaps"), embeddings = stored(context, file, "embeddings");
  const auto base = file.integers("base");
  const MapSource source{heatmaps, embeddings};
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    const auto people = decode(context, {&source, 1}, {static_cast<int>(base.at(0)), static_cast<int>(base.at(1))},
                               coco_skeleton(), {});
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
    double score = 0;
    for (const Person& person : people) score += person.score;
    fmt::print("{:.3f} {} {:.6f}\n", elapsed.count(), people.size(), score);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: decode_bench MAPS.safetensors [THREADS]\n");
    return 2;
  }
  run(argv[1], argc > 2 ? std::stoi(argv[2]) : 2);
  return 0;
}
