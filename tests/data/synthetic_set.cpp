#include "tests/data/synthetic_set.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "tests/data/picture_maker.h"

namespace posecu {
namespace {

using Json = nlohmann::json;

Json random_person(int id, int picture, Random& random, int width, int height) {
  Json keypoints = Json::array();
  for (int k = 0; k < 17; ++k) {
    const int visibility = random.below(3);
    keypoints.push_back(visibility > 0 ? random.below(width) : 0);
    keypoints.push_back(visibility > 0 ? random.below(height) : 0);
    keypoints.push_back(visibility);
  }
  const double x = random.below(width / 2), y = random.below(height / 2);
  return {{"id", id},
          {"image_id", picture},
          {"category_id", 1},
          {"keypoints", keypoints},
          {"bbox", {x, y, width / 2.0, height / 3.0}},
          {"iscrowd", 0}};
}

}  // namespace

Picture noise_picture(int width, int height, std::uint64_t seed) {
  Random random(seed, 0, 0, RandomPurpose::test);
  Picture picture{width, height, {}};
  picture.pixels.resize(picture.row_bytes() * static_cast<std::size_t>(height));
  for (std::size_t i = 0; i < picture.pixels.size(); ++i)
    picture.pixels[i] = static_cast<std::uint8_t>(i / 7 + random.bits() % 32);
  return picture;
}

SyntheticSet::SyntheticSet(int pictures) {
  std::filesystem::create_directories(folder_.path() / "annotations");
  std::filesystem::create_directories(folder_.path() / "train");
  Json document{
      {"categories", {{{"id", 1}, {"name", "person"}}}}, {"images", Json::array()}, {"annotations", Json::array()}};
  int people = 0;
  for (int i = 0; i < pictures; ++i) {
    Random random(1, 0, static_cast<std::uint64_t>(i), RandomPurpose::test);
    const int width = 40 + random.below(60), height = 40 + random.below(60);
    const FileBytes file = make_png(width, height, noise_picture(width, height, static_cast<std::uint64_t>(i)).pixels);
    std::ofstream(picture(i))
        .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
    document["images"].push_back(
        {{"id", 100 + i}, {"file_name", picture(i).filename().string()}, {"width", width}, {"height", height}});
    for (int n = 0; i % 5 != 4 && n <= i % 3; ++n)
      document["annotations"].push_back(random_person(++people, 100 + i, random, width, height));
  }
  std::ofstream(annotations()) << document.dump();
}

std::filesystem::path SyntheticSet::picture(int index) const {
  return folder_.path() / "train" / fmt::format("{:03}.png", index);
}

}  // namespace posecu
