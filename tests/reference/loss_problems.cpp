#include "tests/reference/loss_problems.h"

#include <algorithm>
#include <cmath>

#include "core/random.h"

namespace posecu::reference {

namespace {

double as_float(double v) { return static_cast<double>(static_cast<float>(v)); }

double coordinate(Random& random, int size) {
  const double v = random.uniform(-3, size + 3);
  switch (random.below(6)) {
    case 0:
      return static_cast<int>(v);  // on a pixel
    case 1:
      return as_float(random.uniform(-1, 0));  // falls into pixel 0
    case 2:
      return as_float(size - random.uniform(0, 1));  // the last pixel
    default:
      return as_float(v);
  }
}

LabelledPerson random_person(Random& random, int picture, int width, int height, int keypoints) {
  LabelledPerson person{picture, random.uniform(0.02, 1.2), {}};
  if (random.below(8) == 0) person.scale = 0.4375;   // exactly one of the centres when M = 8
  const int hidden = random.below(4) == 0 ? 10 : 2;  // some people are hardly labelled
  for (int k = 0; k < keypoints; ++k) {
    const double visibility = random.below(10) < hidden ? 0 : 1 + random.below(2);
    person.joints.push_back({coordinate(random, width), coordinate(random, height), visibility});
  }
  return person;
}

std::vector<LabelledPerson> random_people(Random& random, int pictures, int width, int height,
                                          const ProblemLimits& limits, int keypoints) {
  std::vector<LabelledPerson> people;
  for (int n = 0; n < pictures; ++n) {
    const int count = random.below(limits.people + 1);
    for (int i = 0; i < count; ++i) {
      people.push_back(random_person(random, n, width, height, keypoints));
      if (i == 0) continue;
      const LabelledPerson& other = people[people.size() - 2];
      for (std::size_t k = 0; k < other.joints.size(); ++k)
        if (random.below(4) == 0) people.back().joints[k] = other.joints[k];
    }
  }
  return people;
}

std::vector<std::uint8_t> random_mask(Random& random, std::size_t pixels) {
  const int kind = random.below(4);
  std::vector<std::uint8_t> mask(pixels);
  std::uint8_t run = 1;
  for (std::uint8_t& keep : mask) {
    if (random.below(5) == 0) run = static_cast<std::uint8_t>(1 - run);
    keep = kind == 0 ? 1 : (kind == 1 ? 0 : (kind == 2 ? run : static_cast<std::uint8_t>(random.below(2))));
  }
  return mask;
}

double away_from_kinks(double v) {
  for (const double kink : {0.0, 1.0})
    if (std::abs(v - kink) < 1e-3) v = kink + (v < kink ? -1e-3 : 1e-3);
  return as_float(v);
}

std::vector<double> random_embeddings(Random& random, std::size_t vectors, int dimensions) {
  std::vector<double> embeddings(vectors * static_cast<std::size_t>(dimensions));
  const bool with_zeros = random.below(3) == 0;
  for (std::size_t i = 0; i < vectors; ++i) {
    const bool zero = with_zeros && random.below(4) == 0;
    for (int m = 0; m < dimensions; ++m)
      embeddings[i * static_cast<std::size_t>(dimensions) + static_cast<std::size_t>(m)] =
          zero ? 0 : as_float(random.uniform(-1, 1));
  }
  return embeddings;
}

std::size_t product(std::initializer_list<int> sizes) {
  std::size_t result = 1;
  for (const int size : sizes) result *= static_cast<std::size_t>(size);
  return result;
}

}  // namespace

HeatmapProblem random_heatmap_problem(std::uint64_t seed, const ProblemLimits& limits) {
  Random random(seed, 0, 1, RandomPurpose::test);
  HeatmapProblem p;
  p.pictures = 1 + random.below(3);
  p.embedding_height = 1 + random.below(limits.side);
  p.embedding_width = 1 + random.below(limits.side);
  const int ratio = 1 + random.below(2);
  p.height = ratio * p.embedding_height;
  p.width = ratio * p.embedding_width;
  p.keypoints = 1 + random.below(limits.keypoints);
  p.dimensions = 1 + random.below(limits.dimensions);
  const std::size_t pixels = product({p.pictures, p.height, p.width});
  p.heatmaps.resize(pixels * static_cast<std::size_t>(p.keypoints));
  for (double& v : p.heatmaps) v = away_from_kinks(random.uniform(-0.15, 1.15));
  p.embeddings = random_embeddings(random, product({p.pictures, p.embedding_height, p.embedding_width, p.keypoints}),
                                   p.dimensions);
  p.mask = random_mask(random, pixels);
  p.people = random_people(random, p.pictures, p.width, p.height, limits, p.keypoints);
  p.widening = static_cast<Widening>(random.below(4) == 0 ? random.below(2) : 2);
  p.focal = random.below(5) != 0;
  p.theta = random.below(2) == 0 ? 0.4 : 0.55;
  p.sigma = random.below(4) == 0 ? 1 : 2;
  p.beta = random.below(4) == 0 ? 0 : 0.01;
  return p;
}

EmbeddingProblem random_embedding_problem(std::uint64_t seed, const ProblemLimits& limits) {
  Random random(seed, 0, 2, RandomPurpose::test);
  EmbeddingProblem p;
  p.pictures = 1 + random.below(3);
  p.height = 1 + random.below(limits.side);
  p.width = 1 + random.below(limits.side);
  p.keypoints = 1 + random.below(limits.keypoints);
  p.dimensions = 1 + random.below(limits.dimensions);
  p.embeddings = random_embeddings(random, product({p.pictures, p.height, p.width, p.keypoints}), p.dimensions);
  p.people = random_people(random, p.pictures, p.width, p.height, limits, p.keypoints);
  return p;
}

PackedLabels pack(const std::vector<LabelledPerson>& people, int pictures) {
  PackedLabels packed;
  for (int n = 0; n < pictures; ++n) {
    packed.first_person.push_back(static_cast<int>(packed.scales.size()));
    for (const LabelledPerson& person : people) {
      if (person.picture != n) continue;
      packed.scales.push_back(person.scale);
      for (const LabelledJoint& joint : person.joints)
        for (const double v : {joint.x, joint.y, joint.visibility}) packed.keypoints.push_back(static_cast<float>(v));
    }
  }
  packed.first_person.push_back(static_cast<int>(packed.scales.size()));
  return packed;
}

}  // namespace posecu::reference
