#include "tests/reference/embedding_loss.h"

#include <algorithm>
#include <cmath>

namespace posecu::reference {

namespace {

using Vector = std::vector<double>;

struct Person {
  double scale = 0;
  std::vector<std::size_t> places;  // of its joints' embeddings in EmbeddingProblem::embeddings
  Vector mean;
};

Person seen(const EmbeddingProblem& p, const LabelledPerson& labels) {
  Person person{labels.scale, {}, Vector(static_cast<std::size_t>(p.dimensions), 0.0)};
  for (int k = 0; k < p.keypoints; ++k) {
    int x = 0, y = 0;
    if (!pixel_of(labels.joints[static_cast<std::size_t>(k)], p.width, p.height, x, y)) continue;
    const auto pixel = static_cast<std::size_t>((labels.picture * p.height + y) * p.width + x);
    person.places.push_back((pixel * static_cast<std::size_t>(p.keypoints) + static_cast<std::size_t>(k)) *
                            static_cast<std::size_t>(p.dimensions));
  }
  for (const std::size_t place : person.places)
    for (std::size_t m = 0; m < person.mean.size(); ++m)
      person.mean[m] += p.embeddings[place + m] / static_cast<double>(person.places.size());
  return person;
}

// The people of one picture who have a joint on the map; the others do not count.
std::vector<Person> counted(const EmbeddingProblem& p, int picture) {
  std::vector<Person> people;
  for (const LabelledPerson& labels : p.people) {
    if (labels.picture != picture) continue;
    Person person = seen(p, labels);
    if (!person.places.empty()) people.push_back(std::move(person));
  }
  return people;
}

double norm(const Vector& v) {
  double sum = 0;
  for (const double x : v) sum += x * x;
  return std::sqrt(sum);
}

// The unit vector that a person of this scale should point along.
Vector direction(double scale, std::size_t dimensions) {
  Vector s(dimensions);
  for (std::size_t m = 0; m < dimensions; ++m) {
    const double d = (static_cast<double>(m) + 0.5) / static_cast<double>(dimensions);
    s[m] = 1 / (std::abs(scale - d) + 1e-12);
  }
  const double length = std::max(norm(s), 1e-12);
  for (double& x : s) x /= length;
  return s;
}

double closeness(const Person& a, const Person& b) {
  double square = 0;
  for (std::size_t m = 0; m < a.mean.size(); ++m) square += (a.mean[m] - b.mean[m]) * (a.mean[m] - b.mean[m]);
  return std::exp(-square);
}

double cosine(const Person& person, const Vector& s) {
  const double length = std::max(norm(person.mean), 1e-12);
  double dot = 0;
  for (std::size_t m = 0; m < s.size(); ++m) dot += std::abs(person.mean[m]) / length * s[m];
  return dot;
}

EmbeddingLosses picture_losses(const EmbeddingProblem& p, const std::vector<Person>& people) {
  EmbeddingLosses losses;
  const auto count = static_cast<double>(people.size());
  for (const Person& person : people) {
    double square = 0;
    for (const std::size_t place : person.places)
      for (std::size_t m = 0; m < person.mean.size(); ++m)
        square += std::pow(p.embeddings[place + m] - person.mean[m], 2);
    losses.pull += square / static_cast<double>(person.places.size()) / count;
    losses.scale += (1 - cosine(person, direction(person.scale, person.mean.size()))) / count;
    for (const Person& other : people)
      if (&other != &person) losses.push += 0.5 * closeness(person, other) / (count * (count - 1));
  }
  return losses;
}

// d(push + scale)/d(mean of `person`), weighted.
Vector mean_gradient(const std::vector<Person>& people, const Person& person, const EmbeddingWeights& weights) {
  const auto count = static_cast<double>(people.size());
  Vector gradient(person.mean.size(), 0.0);
  for (const Person& other : people) {
    if (&other == &person) continue;
    for (std::size_t m = 0; m < gradient.size(); ++m) {  // twice 0.5: the pair is met in both orders
      gradient[m] -=
          weights.push * 2 * (person.mean[m] - other.mean[m]) * closeness(person, other) / (count * (count - 1));
    }
  }
  const Vector s = direction(person.scale, gradient.size());
  const double length = norm(person.mean), dot = cosine(person, s);
  for (std::size_t m = 0; m < gradient.size(); ++m) {
    const double e = person.mean[m], sign = e > 0 ? 1 : (e < 0 ? -1 : 0);
    const double along = length > 1e-12 ? (s[m] - dot * std::abs(e) / length) / length : s[m] / 1e-12;
    gradient[m] -= weights.scale / count * sign * along;
  }
  return gradient;
}

}  // namespace

EmbeddingLosses embedding_losses(const EmbeddingProblem& p) {
  EmbeddingLosses mean;
  for (int n = 0; n < p.pictures; ++n) {
    const EmbeddingLosses one = picture_losses(p, counted(p, n));
    mean.pull += one.pull / p.pictures;
    mean.push += one.push / p.pictures;
    mean.scale += one.scale / p.pictures;
  }
  return mean;
}

Vector embedding_gradient(const EmbeddingProblem& p, const EmbeddingWeights& weights) {
  Vector gradient(p.embeddings.size(), 0.0);
  for (int n = 0; n < p.pictures; ++n) {
    const std::vector<Person> people = counted(p, n);
    for (const Person& person : people) {
      const Vector of_mean = mean_gradient(people, person, weights);
      const auto joints = static_cast<double>(person.places.size());
      for (const std::size_t place : person.places)
        for (std::size_t m = 0; m < of_mean.size(); ++m) {
          const double pull = 2 * (p.embeddings[place + m] - person.mean[m]) / static_cast<double>(people.size());
          gradient[place + m] += (weights.pull * pull + of_mean[m]) / joints / p.pictures;
        }
    }
  }
  return gradient;
}

}  // namespace posecu::reference
