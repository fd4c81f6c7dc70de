#include "kernels/embedding_loss.h"

#include "kernel_test.h"
#include "tests/reference/loss_problems.h"
#include "tests/reference/paper_losses.h"

namespace posecu {
namespace {

using reference::EmbeddingProblem;

struct Results {
  std::vector<double> losses, gradient;
};

Results run_kernel(const EmbeddingProblem& p, const EmbeddingLossRule& rule, const KernelRun& run) {
  const reference::PackedLabels labels = reference::pack(p.people, p.pictures);
  const Buffer<float> embeddings(p.embeddings);
  Buffer<float> keypoints(labels.keypoints.size()), gradient(p.embeddings.size());
  Buffer<int> first_person(labels.first_person.size());
  Buffer<double> scales(labels.scales.size()), losses(3);
  for (std::size_t i = 0; i < keypoints.size(); ++i) keypoints[i] = labels.keypoints[i];
  for (std::size_t i = 0; i < first_person.size(); ++i) first_person[i] = labels.first_person[i];
  for (std::size_t i = 0; i < scales.size(); ++i) scales[i] = labels.scales[i];
  const EmbeddingLossShape shape{.pictures = p.pictures,
                                 .height = p.height,
                                 .width = p.width,
                                 .keypoints = p.keypoints,
                                 .embedding_dim = p.dimensions,
                                 .people = static_cast<int>(labels.scales.size())};
  Buffer<std::byte> workspace(embedding_loss_workspace(shape));
  embedding_loss(run.stream, losses.data(), gradient.data(), workspace.data(),
                 {embeddings.data(), keypoints.data(), first_person.data(), scales.data()}, shape, rule, run.options);
  return {{losses[0], losses[1], losses[2]}, gradient.values()};
}

// The kernel works in double: values agree to 1e-12 of their size, the gradient to one rounding to float, and one more
// for each other person with a joint on the same pixel (at most `crowd`). Sums are one thread's: the same at any size.
void expect_equals_reference(const EmbeddingProblem& p, double crowd, Formulas formulas) {
  const reference::EmbeddingWeights weights{0.7, 1.3, 0.9};
  const bool paper = formulas == Formulas::paper;
  const reference::EmbeddingLosses expected =
      paper ? reference::paper_embedding_losses(p) : reference::embedding_losses(p);
  const std::vector<double> gradient =
      paper ? reference::paper_embedding_gradient(p, weights) : reference::embedding_gradient(p, weights);
  std::vector<double> largest(gradient.size(), 1e-12);
  for (const double g : gradient) largest[0] = std::max(largest[0], std::abs(g));
  largest.assign(gradient.size(), largest[0]);
  Results first;
  for_each_run([&](const KernelRun& run) {
    SCOPED_TRACE(run.name);
    const Results actual = run_kernel(p, {weights.pull, weights.push, weights.scale, formulas}, run);
    EXPECT_NEAR(actual.losses[0], expected.pull, 1e-12 * (1 + expected.pull));
    EXPECT_NEAR(actual.losses[1], expected.push, 1e-12);
    EXPECT_NEAR(actual.losses[2], expected.scale, 1e-12);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      ASSERT_NEAR(actual.gradient[i], gradient[i], crowd * 0x1p-24 * largest[i]) << "element " << i;
    }
    if (first.losses.empty()) first = actual;
    EXPECT_EQ(actual.losses, first.losses);
    EXPECT_EQ(actual.gradient, first.gradient);
  });
}

void expect_equals_reference(const EmbeddingProblem& p, double crowd) {
  for (const Formulas formulas : {Formulas::official, Formulas::paper}) {
    SCOPED_TRACE(formulas == Formulas::paper ? "paper" : "official");
    expect_equals_reference(p, crowd, formulas);
  }
}

TEST(EmbeddingLossKernel, EqualsTheReference) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    expect_equals_reference(reference::random_embedding_problem(seed), 12);
  }
}

// The official code fails above 30 people.
TEST(EmbeddingLossKernel, TakesAnyNumberOfPeople) {
  for (const int people : {0, 1, 30, 31, 500}) {
    SCOPED_TRACE(people);
    EmbeddingProblem p = reference::random_embedding_problem(3, {.side = 40, .keypoints = 3, .people = 1});
    p.pictures = 2;
    p.embeddings.resize(static_cast<std::size_t>(2 * p.height * p.width * p.keypoints * p.dimensions), 0.5);
    p.people.clear();
    Random random(5, 0, 0, RandomPurpose::test);
    for (int i = 0; i < people; ++i) {
      reference::LabelledPerson person{i % 4 == 0 ? 0 : 1, random.uniform(0.05, 0.9), {}};
      for (int k = 0; k < p.keypoints; ++k)
        person.joints.push_back({std::floor(random.uniform(0, p.width)), std::floor(random.uniform(0, p.height)), 1});
      p.people.push_back(person);
    }
    expect_equals_reference(p, 32);
  }
}

TEST(EmbeddingLossKernel, HasNoScaleLossInOneDimension) {
  EmbeddingProblem p = reference::random_embedding_problem(17, {.side = 9, .dimensions = 1});
  for_each_run([&](const KernelRun& run) {
    EXPECT_EQ(run_kernel(p, {}, run).losses[2], 0.0);
    EXPECT_EQ(run_kernel(p, {.formulas = Formulas::paper}, run).losses[2], 0.0);
  });
}

// A person whose embeddings are all 0 has neither a direction nor a gradient of one.
TEST(EmbeddingLossKernel, TakesPeopleWithoutEmbedding) {
  EmbeddingProblem p = reference::random_embedding_problem(19, {.side = 6, .people = 3});
  p.embeddings.assign(p.embeddings.size(), 0.0);
  expect_equals_reference(p, 1);
}

}  // namespace
}  // namespace posecu
