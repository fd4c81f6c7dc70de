// Times of what a loader thread does for one picture, and of reading annotations.
//
//   data_bench [PICTURE]     default: the shipped JPEG, 640 x 425
//
// The least processor time of the repetitions is printed, in milliseconds of one thread.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "bench/thread_time.h"
#include "core/file.h"
#include "data/sample.h"
#include "data/test_resize.h"
#include "data/warp.h"

namespace {

using namespace posecu;

double least_ms(const std::function<void()>& work) {
  constexpr int kRepetitions = 40;
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kRepetitions; ++i) {
    const double begin = 1e3 * thread_seconds();
    work();
    least = std::min(least, 1e3 * thread_seconds() - begin);
  }
  return least;
}

void report(const std::string& what, double ms) { fmt::print("{:<44} {:8.2f} ms\n", what, ms); }

// A COCO-like file of `people` people on as many pictures.
std::string annotation_text(int people) {
  std::string pictures, annotations;
  for (int i = 0; i < people; ++i) {
    const char* comma = i == 0 ? "" : ",";
    pictures += fmt::format(R"({}{{"id":{},"file_name":"{:012}.jpg","width":640,"height":480}})", comma, i, i);
    annotations += fmt::format(R"({}{{"segmentation":[[)", comma);
    for (int k = 0; k < 80; ++k) annotations += fmt::format("{}{}.{}", k == 0 ? "" : ",", 100 + k * 3, k % 100);
    annotations += R"(]],"num_keypoints":17,"area":1234.5,"iscrowd":0,"keypoints":[)";
    for (int k = 0; k < 51; ++k) annotations += fmt::format("{}{}", k == 0 ? "" : ",", k % 3 == 2 ? 2 : 100 + k);
    annotations += fmt::format(R"(],"image_id":{},"bbox":[1.5,2.5,300.25,200.75],"category_id":1,"id":{}}})", i, i);
  }
  return fmt::format(R"({{"images":[{}],"annotations":[{}],"categories":[{{"id":1,"name":"person"}}]}})", pictures,
                     annotations);
}

void bench_picture(const std::string& path) {
  const auto bytes = read_file(path);
  const Picture picture = decode_picture(bytes, path);
  fmt::print("{}: {} x {} pixels, {} bytes\n", path, picture.width, picture.height, bytes.size());
  report("decode", least_ms([&] { decode_picture(bytes, path); }));

  constexpr int kSize = 512;
  const Augmentation drawn{1.1, 17, 20, -10, Mirror::yes};
  const Affine map = sample_map(drawn, picture.width, picture.height, kSize);
  std::vector<float> image(std::size_t{kSize} * kSize * 3);
  report("warp to 512 x 512", least_ms([&] { warp(picture, map, kSize, kSize); }));
  report("the same, mirrored and normalised",
         least_ms([&] { warp_normalised(image.data(), picture, warp_places(map, kSize, kSize), Mirror::yes); }));

  DataSet set;
  set.skeleton = coco_skeleton();
  PictureLabel label;
  label.path = path, label.width = picture.width, label.height = picture.height;
  Annotation person;
  person.keypoints.assign(51, 100);
  person.bbox = {10, 20, 200, 300};
  person.num_keypoints = 17;
  label.annotations.assign(5, person);
  label.annotations[0].num_keypoints = 0;
  label.annotations[0].segmentation.polygons = {{10, 20, 210, 40, 190, 300, 100, 310, 30, 200}};
  SampleOptions options;
  report("a sample of 512, 5 people, without reading",
         least_ms([&] { make_sample(image.data(), prepare_sample(picture, label, set, drawn, options)); }));
  report("a sample of 512 from the file",
         least_ms([&] { make_sample(image.data(), read_sample(label, set, 0, options)); }));
  report("of which for a device that warps", least_ms([&] { read_sample(label, set, 0, options); }));

  const TestGeometry geometry = test_geometry(picture.width, picture.height, kSize, path);
  report("test-time resize to 512 on the short side", least_ms([&] { test_resize(picture, geometry, 1); }));
}

void bench_annotations() {
  const std::string text = annotation_text(20000);
  const double ms = least_ms([&] { parse_annotations(text, "a.json", "", coco_skeleton()); });
  report(fmt::format("read {:.0f} MB of annotations ({:.0f} MB/s)", static_cast<double>(text.size()) / 1e6,
                     static_cast<double>(text.size()) / 1e3 / ms),
         ms);
}

}  // namespace

int main(int argc, char** argv) {
  bench_picture(argc > 1 ? argv[1] : "tests/goldens/mini/pictures/000000000785.jpg");
  bench_annotations();
}
