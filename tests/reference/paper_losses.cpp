#include "tests/reference/paper_losses.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace posecu::reference {

namespace {

using Vector = std::vector<double>;

Vector operator-(Vector a, const Vector& b) {
  for (std::size_t m = 0; m < a.size(); ++m) a[m] -= b[m];
  return a;
}
Vector operator*(double factor, Vector v) {
  for (double& x : v) x *= factor;
  return v;
}
double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t m = 0; m < a.size(); ++m) sum += a[m] * b[m];
  return sum;
}
double length(const Vector& v) { return std::max(std::sqrt(dot(v, v)), 1e-12); }
Vector absolute(Vector v) {
  for (double& x : v) x = std::abs(x);
  return v;
}

// One labelled joint of a picture: t_nk of the paper, of person n.
struct Joint {
  std::size_t place = 0, person = 0;
  Vector t;
};

std::vector<Joint> joints_of(const EmbeddingProblem& p, int picture) {
  std::vector<Joint> joints;
  const auto dim = static_cast<std::ptrdiff_t>(p.dimensions);
  for (std::size_t n = 0; n < p.people.size(); ++n) {
    for (int k = 0; k < p.keypoints && p.people[n].picture == picture; ++k) {
      int x = 0, y = 0;
      if (!pixel_of(p.people[n].joints[static_cast<std::size_t>(k)], p.width, p.height, x, y)) continue;
      const std::ptrdiff_t place = (((picture * p.height + y) * p.width + x) * p.keypoints + k) * dim;
      joints.push_back(
          {static_cast<std::size_t>(place), n, {p.embeddings.begin() + place, p.embeddings.begin() + place + dim}});
    }
  }
  return joints;
}

std::map<std::size_t, Vector> means_of(const std::vector<Joint>& joints) {
  std::map<std::size_t, Vector> means;
  std::map<std::size_t, double> counts;
  for (const Joint& joint : joints) {
    Vector& mean = means.try_emplace(joint.person, joint.t.size(), 0.0).first->second;
    mean = mean - (-1.0 * joint.t);
    ++counts[joint.person];
  }
  for (auto& [person, mean] : means) mean = 1 / counts[person] * mean;
  return means;
}

// s_n: along 1 / |S - d|; the 1e-12 stands for the limit at S = d.
Vector regularisation(double scale, std::size_t dimensions) {
  Vector s(dimensions);
  for (std::size_t m = 0; m < dimensions; ++m)
    s[m] = 1 / (std::abs(scale - (static_cast<double>(m) + 0.5) / static_cast<double>(dimensions)) + 1e-12);
  return 1 / length(s) * s;
}

// Calls visit(n, m, exp(-|e_n - e_m|^2 / 2) * 2 / (N (N - 1))) for every pair of people n < m.
template <class Visit>
void each_pair(const std::map<std::size_t, Vector>& means, Visit visit) {
  const auto people = static_cast<double>(means.size());
  for (auto a = means.begin(); a != means.end(); ++a)
    for (auto b = std::next(a); b != means.end(); ++b) {
      const Vector apart = a->second - b->second;
      visit(a->first, b->first, std::exp(-dot(apart, apart) / 2) * 2 / (people * (people - 1)));
    }
}

// d(weighted sum)/d t of one picture's joints, in their order.
std::vector<Vector> picture_gradient(const EmbeddingProblem& p, const std::vector<Joint>& joints,
                                     const EmbeddingWeights& weights) {
  const std::map<std::size_t, Vector> means = means_of(joints);
  const auto count = static_cast<double>(joints.size());
  std::map<std::size_t, Vector> of_mean;
  for (const auto& [person, mean] : means) of_mean[person] = Vector(mean.size(), 0.0);
  each_pair(means, [&](std::size_t n, std::size_t m, double push) {
    const Vector slope = -push * (means.at(n) - means.at(m));
    of_mean[n] = of_mean[n] - (-1.0 * slope);
    of_mean[m] = of_mean[m] - slope;
  });
  std::vector<Vector> gradient;
  for (const Joint& joint : joints) {
    double own = 0;  // joints of this person: each moves the mean by 1/own
    for (const Joint& other : joints) own += other.person == joint.person ? 1 : 0;
    Vector g = weights.pull * 2 / count * (joint.t - means.at(joint.person));
    g = g - (-weights.push / own * of_mean[joint.person]);
    const Vector s = regularisation(p.people[joint.person].scale, joint.t.size()), u = absolute(joint.t);
    const double norm = length(joint.t), cosine = dot(u, s) / norm;
    for (std::size_t m = 0; m < g.size(); ++m) {
      const double sign = joint.t[m] > 0 ? 1 : (joint.t[m] < 0 ? -1 : 0);
      g[m] -= weights.scale / count * sign * (s[m] - cosine * u[m] / norm) / norm;
    }
    gradient.push_back(std::move(g));
  }
  return gradient;
}

}  // namespace

EmbeddingLosses paper_embedding_losses(const EmbeddingProblem& p) {
  EmbeddingLosses mean;
  for (int picture = 0; picture < p.pictures; ++picture) {
    const std::vector<Joint> joints = joints_of(p, picture);
    const std::map<std::size_t, Vector> means = means_of(joints);
    const double share = 1.0 / (p.pictures * static_cast<double>(joints.size()));
    for (const Joint& joint : joints) {
      const Vector off = joint.t - means.at(joint.person);
      mean.pull += share * dot(off, off);
      const Vector s = regularisation(p.people[joint.person].scale, joint.t.size());
      mean.scale += share * (1 - dot(absolute(joint.t), s) / length(joint.t));
    }
    each_pair(means, [&](std::size_t, std::size_t, double push) { mean.push += push / p.pictures; });
  }
  return mean;
}

Vector paper_embedding_gradient(const EmbeddingProblem& p, const EmbeddingWeights& weights) {
  Vector gradient(p.embeddings.size(), 0.0);
  for (int picture = 0; picture < p.pictures; ++picture) {
    const std::vector<Joint> joints = joints_of(p, picture);
    const std::vector<Vector> slopes = picture_gradient(p, joints, weights);
    for (std::size_t i = 0; i < joints.size(); ++i)
      for (std::size_t m = 0; m < slopes[i].size(); ++m) gradient[joints[i].place + m] += slopes[i][m] / p.pictures;
  }
  return gradient;
}

}  // namespace posecu::reference
