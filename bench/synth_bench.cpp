// Speed of drawing people (data/synth.h): pictures a second of one thread, JPEG included, files not.
//
//   synth_bench [PICTURES]     default: 100 of each preset, 320 x 240
#include <fmt/format.h>

#include <cstdlib>

#include "bench/thread_time.h"
#include "data/picture_formats.h"
#include "data/synth.h"

namespace {

using namespace posecu;

void bench(std::string_view name, SynthPreset preset, int pictures) {
  const SynthOptions options{.preset = preset};
  Canvas canvas(options.width, options.height);
  draw_picture(options, "bench", 0, canvas);
  std::size_t people = 0, bytes = 0;
  const double begin = 1e3 * thread_seconds();
  for (int i = 0; i < pictures; ++i) {
    const SynthPicture drawn = draw_picture(options, "bench", i, canvas);
    people += drawn.people.size();
    bytes += encode_jpeg(drawn.picture, 92).size();
  }
  const double ms = (1e3 * thread_seconds() - begin) / pictures;
  fmt::print("{:<8} {:5.1f} people {:6.1f} kB {:6.2f} ms {:6.0f} pictures/s\n", name,
             static_cast<double>(people) / pictures, static_cast<double>(bytes) / 1e3 / pictures, ms, 1e3 / ms);
}

}  // namespace

int main(int argc, char** argv) {
  const int pictures = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 100;
  bench("easy", SynthPreset::easy, pictures);
  bench("varied", SynthPreset::varied, pictures);
  bench("crowd", SynthPreset::crowd, pictures);
}
