#include <algorithm>
#include <filesystem>

#include "apps/demo.h"
#include "core/file.h"
#include "data/warp.h"
#include "pose/draw.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;

// Drawn after enlarging: lines and dots stay fine.
void write_enlarged(const std::string& path, const Picture& picture, const Skeleton& skeleton,
                    std::vector<Person> people, const DrawOptions& options) {
  constexpr double kBy = kDemoEnlargement;
  // The middle of a pixel stays the middle of those that it becomes.
  const Affine enlarge{{kBy, 0, (kBy - 1) / 2, 0, kBy, (kBy - 1) / 2}};
  Picture large = warp(picture, enlarge, picture.width * kDemoEnlargement, picture.height * kDemoEnlargement);
  for (Person& person : people)
    for (Keypoint& keypoint : person.keypoints) {
      const Point place = enlarge({keypoint.x, keypoint.y});
      keypoint.x = static_cast<float>(place.x), keypoint.y = static_cast<float>(place.y);
    }
  draw_people(large, skeleton, people, options);
  write_png(path, large);
}

Person person_of(const Annotation& annotation) {
  Person person;
  for (std::size_t k = 0; k + 2 < annotation.keypoints.size(); k += 3)
    person.keypoints.push_back({static_cast<float>(annotation.keypoints[k]),
                                static_cast<float>(annotation.keypoints[k + 1]),
                                annotation.keypoints[k + 2] > 0 ? 1.0F : 0.0F, false});
  return person;
}

std::string png_name(const PictureLabel& label) { return fs::path(label.file_name).stem().string() + ".png"; }

}  // namespace

std::vector<std::string> draw_labelled(const DataSet& set, std::size_t count, const std::string& folder) {
  make_folder(folder);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(count, set.pictures.size()); ++i) {
    const PictureLabel& label = set.pictures[i];
    std::vector<Person> people;
    for (const Annotation& annotation : label.annotations) people.push_back(person_of(annotation));
    names.push_back(png_name(label));
    write_enlarged(folder + '/' + names.back(), read_picture(label), set.skeleton, std::move(people), {});
  }
  return names;
}

std::vector<std::string> draw_found(PeopleFinder& finder, const DataSet& set, std::size_t count, const Config& config,
                                    const std::string& folder) {
  make_folder(folder);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(count, set.pictures.size()); ++i) {
    const PictureLabel& label = set.pictures[i];
    const Picture picture = read_picture(label);
    names.push_back(png_name(label));
    write_enlarged(folder + '/' + names.back(), picture, set.skeleton, finder.find(picture, label.path),
                   {.min_score = config.number("output.min_score")});
  }
  return names;
}

}  // namespace posecu
