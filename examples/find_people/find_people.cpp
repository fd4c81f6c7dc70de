// find_people MODEL PICTURE...: prints where the people are. MODEL is a run folder or a weights file.
#include <cstdio>
#include <exception>

#include "apps/evaluation.h"
#include "apps/model.h"
#include "data/picture.h"

namespace {

void print(const posecu::Person& person, const posecu::Skeleton& skeleton) {
  std::printf("  person, score %.2f\n", static_cast<double>(person.score));
  for (std::size_t k = 0; k < person.keypoints.size(); ++k) {
    const posecu::Keypoint& keypoint = person.keypoints[k];
    std::printf("    %-14s x %7.1f  y %7.1f  score %.2f\n", skeleton.keypoints[k].c_str(),
                static_cast<double>(keypoint.x), static_cast<double>(keypoint.y), static_cast<double>(keypoint.score));
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace posecu;
  if (argc < 3) {
    std::fprintf(stderr, "usage: find_people MODEL PICTURE...\n");
    return 2;
  }
  try {
    Context context;
    const ResolvedModel model = resolve_model(argv[1], std::nullopt, {});
    const Skeleton skeleton = skeleton_of(model);
    LoadedNetwork loaded(context, model);
    PeopleFinder finder(context, loaded.network(), skeleton, find_options(model.config));
    for (int i = 2; i < argc; ++i) {
      std::printf("%s\n", argv[i]);
      for (const Person& person : finder.find(read_picture(argv[i]), argv[i])) print(person, skeleton);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "find_people: %s\n", error.what());
    return 1;
  }
}
