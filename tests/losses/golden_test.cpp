// The losses against the published code's, in float64 (tests/goldens/README.md, section 2).
#include "tests/support/golden.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/safetensors.h"
#include "losses/losses.h"
#include "tests/support/device.h"
#include "tests/support/generator.h"

namespace posecu {
namespace {

using Json = nlohmann::json;
using std::filesystem::path;

// The README's tolerances: losses relative, gradients relative to the tensor's largest, targets absolute.
constexpr double kLossTolerance = 1e-5, kGradientTolerance = 1e-5, kTargetTolerance = 1e-6;

// What a case's check finds wrong, and how far the worst number was from its tolerance.
struct Findings {
  std::vector<std::string> problems;
  double worst_share = 0;  // largest error / tolerance

  void compare(const std::string& what, double actual, double expected, double tolerance) {
    const double error = std::abs(actual - expected);
    worst_share = std::max(worst_share, error / tolerance);
    if (error <= tolerance) return;
    problems.push_back(fmt::format("{}: {} instead of {}, tolerance {}", what, actual, expected, tolerance));
  }
};

// Sizes of one resolution's [N,K,H,W] or, with m > 1, [N,K,H,W,M].
struct Sizes {
  int n, k, h, w, m = 1;
  std::size_t elements() const { return Shape{n, k, h, w, m}.elements(); }
};

// [N,K,H,W,M] to [N,H,W,K*M] and back.
enum class Order { to_channels_last, to_official };
std::vector<float> reorder(const std::vector<float>& from, const Sizes& s, Order order) {
  std::vector<float> to(from.size());
  std::size_t official = 0;
  for (int n = 0; n < s.n; ++n)
    for (int k = 0; k < s.k; ++k)
      for (int y = 0; y < s.h; ++y)
        for (int x = 0; x < s.w; ++x)
          for (int m = 0; m < s.m; ++m, ++official) {
            const auto last = static_cast<std::size_t>((((n * s.h + y) * s.w + x) * s.k + k) * s.m + m);
            if (order == Order::to_channels_last)
              to[last] = from[official];
            else
              to[official] = from[last];
          }
  return to;
}

struct Case {
  explicit Case(const path& folder) : inputs(Safetensors::read(folder / "inputs.safetensors")) {}

  Safetensors inputs;
  int pictures = 0, keypoints = 0, dimensions = 0;
  std::vector<Sizes> sizes;  // of the heatmaps
  LossOptions options;
  Targets targets;
  std::vector<std::vector<float>> heatmaps;  // channels last
  std::vector<float> embeddings;

  Sizes embedding_sizes() const { return {pictures, keypoints, sizes[0].h, sizes[0].w, dimensions}; }
};

std::vector<float> generated(const Case& c, const std::string& name, const std::string& salt, const Sizes& sizes,
                             double factor, double offset) {
  if (c.inputs.contains(name)) return c.inputs.floats(name);
  std::vector<float> values;
  for (const double u : golden_uniforms(salt + "/" + name, sizes.elements()))
    values.push_back(static_cast<float>(factor * u + offset));
  return values;
}

// The two patches that cases use; values are in the official order.
void patch(std::vector<float>& values, const std::string& name, const Json& patches, const Sizes& sizes) {
  for (const Json& patch : patches) {
    if (patch["tensor"] != name) continue;
    if (patch.contains("rows")) {
      const int first = patch["image"].get<int>() * sizes.k * sizes.h * sizes.w;
      for (const int row : patch["rows"])
        for (int m = 0; m < sizes.m; ++m) values[static_cast<std::size_t>((first + row) * sizes.m + m)] = 0;
    } else {  // "flat index i with i mod 3 == 0: value 0 if (i/3) is even, 1 if odd"
      for (std::size_t i = 0; i < values.size(); i += 3) values[i] = static_cast<float>(i / 3 % 2);
    }
  }
}

std::vector<std::uint8_t> masks_of(const Case& c, const std::string& kind, std::size_t resolution) {
  const Sizes& s = c.sizes[resolution];
  if (kind != "holes") return std::vector<std::uint8_t>(Shape{s.n, s.h, s.w}.elements(), kind == "ones" ? 1 : 0);
  std::vector<std::uint8_t> masks;
  for (const std::int64_t keep : c.inputs.integers(fmt::format("masks{}", resolution)))
    masks.push_back(static_cast<std::uint8_t>(keep));
  return masks;
}

Targets read_targets(const Case& c, const Json& json) {
  Targets targets{
      .pictures = c.pictures, .keypoints = c.keypoints, .first_person = {0}, .scales = {}, .resolutions = {}};
  const std::vector<double> scales = c.inputs.doubles("box_scales.f64");
  const std::size_t places = scales.size() / static_cast<std::size_t>(c.pictures);
  for (std::size_t n = 0; n < json["joints"].size(); ++n) {
    const std::size_t people = json["joints"][n][0].size();
    targets.first_person.push_back(targets.first_person.back() + static_cast<int>(people));
    for (std::size_t i = 0; i < people; ++i) targets.scales.push_back(scales[n * places + i]);
  }
  for (std::size_t r = 0; r < c.sizes.size(); ++r) {
    ResolutionTargets labels{c.sizes[r].w, c.sizes[r].h, {}, masks_of(c, json["mask"], r)};
    for (const Json& picture : json["joints"])
      for (const Json& person : picture[r])
        for (const Json& joint : person)
          for (const Json& v : joint) labels.keypoints.push_back(v.get<float>());
    targets.resolutions.push_back(std::move(labels));
  }
  return targets;
}

LossOptions read_options(const Json& params) {
  LossOptions options;
  const Json& weights = params["loss_weights"];
  options.focal = params["with_focal"].get<bool>() ? FocalWeight::on : FocalWeight::off;
  options.theta = params["beta"];  // the official code's names are not the paper's
  options.beta = params["focal_gamma"];
  options.sigma = params["sigma"];
  options.weights = {weights["hms_loss"], weights["pull_loss"], weights["push_loss"], weights["scale_loss"]};
  return options;
}

Case read_case(const path& folder) {
  const Json json = Json::parse(read_text_file(folder / "case.json"));
  const Json& params = json["params"];
  Case c(folder);
  c.pictures = static_cast<int>(json["joints"].size());
  c.keypoints = params["K"];
  c.dimensions = params["M"];
  c.options = read_options(params);
  for (const Json& wh : params["sizes_wh"]) c.sizes.push_back({c.pictures, c.keypoints, wh[1], wh[0]});
  c.targets = read_targets(c, json);
  const std::string salt = json["salt"];
  for (std::size_t r = 0; r < c.sizes.size(); ++r) {
    const std::string name = fmt::format("pred_hms{}", r);
    std::vector<float> values = generated(c, name, salt, c.sizes[r], 1.3, -0.15);
    patch(values, name, json["patch"], c.sizes[r]);
    c.heatmaps.push_back(reorder(values, c.sizes[r], Order::to_channels_last));
  }
  const Sizes tags = c.embedding_sizes();
  std::vector<float> values = generated(c, "tagmaps", salt, tags, 2, -1);
  patch(values, "tagmaps", json["patch"], tags);
  c.embeddings = reorder(values, tags, Order::to_channels_last);
  return c;
}

struct GoldenResults {
  LossValues weighted, unweighted;
  std::vector<std::vector<float>> heatmap_gradients;  // official order, of the weighted sum
  std::vector<float> embedding_gradient;
};

LossValues run(Context& context, const Case& c, const LossOptions& options,
               std::vector<std::vector<float>>& heatmap_gradients, std::vector<float>& embedding_gradient) {
  const auto shape = [&](std::size_t r) { return Shape{c.pictures, c.sizes[r].h, c.sizes[r].w, c.keypoints}; };
  const Shape tags{c.pictures, c.sizes[0].h, c.sizes[0].w, c.keypoints * c.dimensions};
  std::vector<Tensor<float>> maps_of, gradients_of;  // of each resolution, then the embeddings
  const auto add = [&](const Shape& of, const std::vector<float>& values) {
    maps_of.push_back(uploaded(context, of, values));
    gradients_of.push_back(uploaded(context, of, std::vector<float>(values.size(), std::nanf(""))));
  };
  for (std::size_t r = 0; r < c.heatmaps.size(); ++r) add(shape(r), c.heatmaps[r]);
  add(tags, c.embeddings);
  LossMaps<const float> maps{maps_of.front(), {}, maps_of.back()};
  LossMaps<float> gradients{gradients_of.front(), {}, gradients_of.back()};
  if (c.heatmaps.size() == 2) maps.high = maps_of[1], gradients.high = gradients_of[1];
  const TargetBuffer targets(context, c.targets);
  const LossValues values = Losses(options).forward_backward(context, targets.targets(), maps, gradients);
  heatmap_gradients.clear();
  for (std::size_t r = 0; r < c.heatmaps.size(); ++r)
    heatmap_gradients.push_back(context.download<float>(gradients_of[r]));
  embedding_gradient = context.download<float>(gradients_of.back());
  return values;
}

GoldenResults run(Context& context, const Case& c) {
  GoldenResults results;
  LossOptions plain = c.options;
  plain.weights = {1, 1, 1, 1};
  results.unweighted = run(context, c, plain, results.heatmap_gradients, results.embedding_gradient);
  results.weighted = run(context, c, c.options, results.heatmap_gradients, results.embedding_gradient);
  for (std::size_t r = 0; r < c.sizes.size(); ++r)
    results.heatmap_gradients[r] = reorder(results.heatmap_gradients[r], c.sizes[r], Order::to_official);
  results.embedding_gradient = reorder(results.embedding_gradient, c.embedding_sizes(), Order::to_official);
  return results;
}

// The targets of one resolution, official order.
std::vector<float> targets_of(Context& context, const Case& c, std::size_t r, TargetScale scale) {
  const Sizes& s = c.sizes[r];
  const ResolutionTargets& labels = c.targets.resolutions[r];
  const HeatmapLossShape shape{s.n,          s.h,          s.w,          s.k,
                               c.sizes[0].h, c.sizes[0].w, c.dimensions, static_cast<int>(c.targets.scales.size())};
  const auto vector_of = [&](const auto& values) {
    return uploaded(context, {static_cast<int>(values.size())}, values);
  };
  const auto embeddings = vector_of(c.embeddings), keypoints = vector_of(labels.keypoints);
  const auto first_person = vector_of(c.targets.first_person);
  const HeatmapLossInputs inputs{
      .embeddings = embeddings.data(), .keypoints = keypoints.data(), .first_person = first_person.data()};
  const auto workspace = context.tensor<std::byte>({static_cast<int>(heatmap_loss_workspace(shape))});
  const auto targets = vector_of(std::vector<float>(s.elements(), std::nanf("")));
  heatmap_targets(context.stream(), targets.data(), workspace.data(), inputs, shape,
                  {.targets = scale, .sigma = c.options.sigma, .theta = c.options.theta});
  return reorder(context.download<float>(targets), s, Order::to_official);
}

void compare_checksum(Findings& findings, const std::string& what, const std::vector<float>& actual,
                      const Json& expected, double tolerance) {
  const Checksum sums = checksum(actual);
  const double allowed = tolerance * expected["abs_sum"].get<double>() + 1e-15;
  findings.compare(what + " n", static_cast<double>(sums.n), expected["n"], 0.5);
  findings.compare(what + " sum", sums.sum, expected["sum"], allowed);
  findings.compare(what + " abs_sum", sums.abs_sum, expected["abs_sum"], allowed);
  findings.compare(what + " dot", sums.dot, expected["dot"], allowed);
}

double largest(const std::vector<float>& values) {
  double result = 0;
  for (const float v : values) result = std::max(result, std::abs(static_cast<double>(v)));
  return result;
}

void compare_values(Findings& findings, const GoldenResults& results, const Json& expected) {
  const auto one = [&](const std::string& kind, const std::string& name, double actual) {
    const double wanted = expected[kind][name];
    findings.compare(kind + " " + name, actual, wanted, kLossTolerance * std::abs(wanted) + 1e-15);
  };
  for (const auto& [kind, values] : {std::pair{"unweighted", results.unweighted}, {"weighted", results.weighted}}) {
    one(kind, "hms_loss", values.heatmap);
    one(kind, "pull_loss", values.pull);
    one(kind, "push_loss", values.push);
    one(kind, "scale_loss", values.scale);
  }
  findings.compare("total", results.weighted.total(), expected["total"],
                   kLossTolerance * expected["total"].get<double>());
}

// `expected` holds every `step`-th element.
void compare_elements(Findings& findings, const std::string& what, const std::vector<float>& actual,
                      const std::vector<float>& expected, std::size_t step, double tolerance) {
  const std::size_t elements = (actual.size() + step - 1) / step;
  findings.compare(what + " elements", static_cast<double>(elements), static_cast<double>(expected.size()), 0.5);
  for (std::size_t i = 0; i < expected.size() && i * step < actual.size(); ++i) {
    findings.compare(fmt::format("{}[{}]", what, i * step), static_cast<double>(actual[i * step]),
                     static_cast<double>(expected[i]), tolerance);
  }
}

void compare_heatmap_gradients(Findings& findings, const GoldenResults& results, const Safetensors& expected,
                               const Json& checksums) {
  for (std::size_t r = 0; r < results.heatmap_gradients.size(); ++r) {
    const std::string name = fmt::format("grad_hms{}", r), sparse = name + ".every61";
    const std::vector<float>& actual = results.heatmap_gradients[r];
    const bool whole = expected.contains(name);
    const std::vector<float> wanted = expected.floats(whole ? name : sparse);
    compare_elements(findings, name, actual, wanted, whole ? 1 : 61, kGradientTolerance * largest(wanted) + 1e-15);
    compare_checksum(findings, name, actual, checksums[r], kGradientTolerance);
  }
}

// Besides the listed elements all must be exactly 0.
void compare_embedding_gradient(Findings& findings, const GoldenResults& results, const Safetensors& expected,
                                const Json& sums) {
  const std::vector<std::int64_t> places = expected.integers("grad_tagmaps.index");
  const std::vector<float> values = expected.floats("grad_tagmaps.value");
  std::vector<float> rest = results.embedding_gradient;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto place = static_cast<std::size_t>(places[i]);
    findings.compare(fmt::format("grad_tagmaps[{}]", place), static_cast<double>(rest.at(place)),
                     static_cast<double>(values[i]), kGradientTolerance * largest(values));
    rest[place] = 0;
  }
  findings.compare("grad_tagmaps elsewhere", largest(rest), 0, 1e-30);
  compare_checksum(findings, "grad_tagmaps", results.embedding_gradient, sums, kGradientTolerance);
}

void compare_targets(Findings& findings, Context& context, const Case& c, const Json& checksums) {
  for (std::size_t r = 0; r < c.sizes.size(); ++r) {
    const std::string name = fmt::format("target_hms{}", r);
    const std::vector<float> gaussians = targets_of(context, c, r, TargetScale::fixed);
    compare_checksum(findings, name, gaussians, checksums[r], kTargetTolerance);
    if (c.inputs.contains(name))
      compare_elements(findings, name, gaussians, c.inputs.floats(name), 1, kTargetTolerance);
  }
}

Findings check_case(const path& folder) {
  Context context(test_context_options());
  const Case c = read_case(folder);
  const Json expected = Json::parse(read_text_file(folder / "expected.json"));
  const Safetensors tensors = Safetensors::read(folder / "expected.safetensors");
  const GoldenResults results = run(context, c);
  Findings findings;
  compare_values(findings, results, expected);
  compare_heatmap_gradients(findings, results, tensors, expected["grad_hms"]);
  compare_embedding_gradient(findings, results, tensors, expected["grad_tagmaps"]);
  compare_targets(findings, context, c, expected["targets"]);
  if (findings.problems.size() > 10) findings.problems.resize(10);
  return findings;
}

std::vector<std::string> check_losses_case(const path& folder) { return check_case(folder).problems; }

// The paper's equations in the readings that the README names first: no masks, the first resolution, focal weights.
std::vector<std::string> check_paper(const path& folder) {
  Context context(test_context_options());
  Case c = read_case(folder);
  c.options.formulas = Formulas::paper;
  c.options.focal = FocalWeight::on;
  c.sizes.resize(1);
  c.heatmaps.resize(1);
  std::ranges::fill(c.targets.resolutions[0].masks, std::uint8_t{1});
  const Json paper = Json::parse(read_text_file(folder / "expected.json"))["paper"];
  const Json& means = paper["batch_mean"];
  const GoldenResults results = run(context, c);
  Findings findings;
  const auto compare = [&findings](const char* name, double actual, double expected) {
    findings.compare(name, actual, expected, kLossTolerance * std::max(std::abs(expected), 1e-12));
  };
  compare("L_r_mean", results.unweighted.heatmap, paper["L_r_mean"]);
  compare("pull_over_visible", results.unweighted.pull, means["pull_over_visible"]);
  compare("push_unordered_pairs", results.unweighted.push, means["push_unordered_pairs"]);
  compare("L_s_over_visible", results.unweighted.scale, means["L_s_over_visible"]);
  compare("L_total", results.weighted.total(), paper["L_total"]);
  return findings.problems;
}

TEST(LossesGolden, EqualThePublishedCode) {
  double worst = 0;
  run_golden_cases("losses", [&worst](const path& folder) {
    const Findings findings = check_case(folder);
    worst = std::max(worst, findings.worst_share);
    return findings.problems;
  });
  std::printf("losses: the worst number is at %.3f of its tolerance\n", worst);
}

TEST(LossesGolden, EqualThePaper) { run_golden_cases("losses", check_paper); }

TEST(LossesGolden, DamageIsSeen) {
  const auto json = [](const std::string& pointer) {
    return [pointer](const path& folder) { damage_json(folder / "expected.json", pointer); };
  };
  const auto tensor = [](const std::string& file, const std::string& name) {
    return [file, name](const path& folder) { damage_tensor(folder / file, name); };
  };
  for (const char* pointer : {"/weighted/hms_loss", "/unweighted/pull_loss", "/weighted/push_loss",
                              "/unweighted/scale_loss", "/total", "/targets/0/dot", "/grad_tagmaps/abs_sum"}) {
    SCOPED_TRACE(pointer);
    expect_damage_is_seen("losses", "people2", json(pointer), check_losses_case);
  }
  for (const char* pointer :
       {"/paper/L_r_mean", "/paper/batch_mean/pull_over_visible", "/paper/batch_mean/push_unordered_pairs",
        "/paper/batch_mean/L_s_over_visible", "/paper/L_total"}) {
    SCOPED_TRACE(pointer);
    expect_damage_is_seen("losses", "people2", json(pointer), check_paper);
  }
  expect_damage_is_seen("losses", "people2", tensor("expected.safetensors", "grad_hms0"), check_losses_case);
  expect_damage_is_seen("losses", "people2", tensor("expected.safetensors", "grad_tagmaps.value"), check_losses_case);
  expect_damage_is_seen("losses", "people2", tensor("inputs.safetensors", "target_hms0"), check_losses_case);
  expect_damage_is_seen("losses", "people12_two_res", tensor("expected.safetensors", "grad_hms1"), check_losses_case);
}

}  // namespace
}  // namespace posecu
