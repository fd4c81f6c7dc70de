// Decoding against the official code's numbers (tests/goldens/README.md, decode).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/safetensors.h"
#include "kernels/tag_search.h"
#include "pose/decode.h"
#include "tests/pose/golden_maps.h"
#include "tests/support/device.h"
#include "tests/support/generator.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Problems = std::vector<std::string>;

// The README's tolerances; places and groups are exact.
constexpr double kHeatmaps = 2e-6, kEmbeddings = 1e-5, kPixels = 1e-3, kScores = 1e-6;

struct Case {
  Json settings, expected;
  Safetensors tensors;
  bool documentation;  // what becomes of equal neighbouring pixels is not required
  bool any_order;      // candidates of equal value, and so people, come in any order
};

Case read_case(const fs::path& folder) {
  const Json settings = Json::parse(read_text_file(folder / "case.json"));
  return {settings, Json::parse(read_text_file(folder / "expected.json")),
          Safetensors::read(folder / "expected.safetensors"), folder.filename() == "plateau_unspecified",
          settings["instance_order_unspecified"]};
}

// The README's checksum, taken as the values come.
class RunningChecksum {
 public:
  void add(float number) {
    const auto value = static_cast<double>(number);
    sum_.sum += value;
    sum_.abs_sum += std::abs(value);
    sum_.dot += value * (2 * golden_uniform(hash_, sum_.n++) - 1);
  }
  const Checksum& result() const { return sum_; }

 private:
  std::uint64_t hash_ = golden_hash("checksum");
  Checksum sum_;
};

// An error of `tolerance` in each element moves a sum by that much, times the elements.
void check_checksum(Problems& problems, const std::string& what, const Checksum& found, const Json& expected,
                    double tolerance) {
  const double room = tolerance * std::max(expected["abs_sum"].get<double>(), 1.0);
  const auto differs = [&](double value, const char* key) {
    return !(std::abs(value - expected[key].get<double>()) <= room);
  };
  if (found.n != expected["n"].get<std::size_t>() || differs(found.sum, "sum") || differs(found.dot, "dot") ||
      differs(found.abs_sum, "abs_sum"))
    problems.push_back(fmt::format("{}: n {} sum {} abs_sum {} dot {}, expected {}", what, found.n, found.sum,
                                   found.abs_sum, found.dot, expected.dump()));
}

void check_tensor(Problems& problems, const std::string& what, const std::vector<double>& found,
                  const std::vector<double>& expected, double tolerance) {
  if (found.size() != expected.size()) {
    problems.push_back(fmt::format("{}: {} numbers, expected {}", what, found.size(), expected.size()));
    return;
  }
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!(std::abs(found[i] - expected[i]) <= tolerance)) {
      problems.push_back(fmt::format("{}[{}]: {}, expected {}", what, i, found[i], expected[i]));
      return;
    }
}

Skeleton skeleton_of(const Json& settings) {
  Skeleton skeleton;
  skeleton.keypoints.resize(settings["K"]);
  skeleton.flip = settings["flip_index"].get<std::vector<int>>();
  skeleton.grouping_order = settings["inference_channel"].get<std::vector<int>>();
  return skeleton;
}

DecodeOptions options_of(const Json& settings) {
  DecodeOptions options;
  options.nms_kernel = settings["nms_kernel_size"];
  options.max_people = settings["max_num_people"];
  options.threshold = settings["val_th"];
  options.tag_distance = settings["tag_th"];
  options.refinement = settings["with_refine"].get<bool>() ? Refinement::fill_missing : Refinement::none;
  return options;
}

// All pixels of one row of one keypoint's map.
std::vector<Place> row_places(int keypoint, int y, int width) {
  std::vector<Place> places;
  for (int x = 0; x < width; ++x) places.push_back({keypoint, x, y});
  return places;
}

Tensor<Place> uploaded(Context& context, std::span<const Place> places) {
  Tensor<Place> result = context.tensor<Place>({static_cast<int>(places.size())});
  context.upload(result.view(), places);
  return result;
}

std::vector<Reading> readings_at(Context& context, const AggregatedMaps& maps, const std::vector<Place>& places) {
  const Tensor<Place> at = uploaded(context, places);
  const Tensor<Reading> readings = context.tensor<Reading>(at.shape());
  read_heatmaps(context.stream(), readings.data(), maps.heatmaps(), at.data(), at.size(0));
  return context.download<Reading>(readings);
}

// [n,T], one after another.
std::vector<float> tags_at(Context& context, const AggregatedMaps& maps, const std::vector<Place>& places) {
  const Tensor<Place> at = uploaded(context, places);
  const Tensor<float> tags = context.tensor<float>({at.size(0), maps.embeddings().tag_size()});
  read_embeddings(context.stream(), tags.data(), maps.embeddings(), at.data(), at.size(0));
  return context.download<float>(tags);
}

// The whole maps, which decoding itself never makes.
void check_maps(Problems& problems, Context& context, const AggregatedMaps& maps, const Case& golden) {
  RunningChecksum heatmaps, embeddings, suppressed;
  std::size_t peaks_other_than_zero = 0;
  DecodeOptions all_peaks = options_of(golden.settings);
  all_peaks.threshold = -std::numeric_limits<double>::infinity();
  const Peaks peaks = search_peaks(context, maps, all_peaks);
  const std::vector<std::uint32_t> words = context.download<std::uint32_t>(peaks.words);
  const std::uint32_t* word = words.data();
  for (int k = 0; k < maps.heatmaps().keypoints; ++k)
    for (int y = 0; y < maps.heatmaps().height; ++y, word += peaks.words.size(2)) {
      const std::vector<Place> places = row_places(k, y, maps.heatmaps().width);
      for (const float value : tags_at(context, maps, places)) embeddings.add(value);
      const std::vector<Reading> readings = readings_at(context, maps, places);
      for (std::size_t x = 0; x < readings.size(); ++x) {
        const float value = readings[x].value;
        const bool peak = (word[x / 32] >> (x % 32) & 1u) != 0;
        heatmaps.add(value);
        suppressed.add(peak ? value : 0.f);
        if (peak && value != 0.f) ++peaks_other_than_zero;
      }
    }
  check_checksum(problems, "heatmaps", heatmaps.result(), golden.expected["heatmaps"], kHeatmaps);
  check_checksum(problems, "tags", embeddings.result(), golden.expected["tags"], kEmbeddings);
  if (golden.documentation) return;
  check_checksum(problems, "nms", suppressed.result(), golden.expected["nms"], kHeatmaps);
  // The last bit of equal neighbours may decide one peak in ten thousand; no candidate, which are compared exactly.
  const auto expected_peaks = golden.expected["nms_nonzero"].get<double>();
  if (std::abs(static_cast<double>(peaks_other_than_zero) - expected_peaks) > 1e-4 * expected_peaks)
    problems.push_back(fmt::format("{} peaks, expected {}", peaks_other_than_zero, expected_peaks));
}

using Candidates = std::vector<std::vector<Candidate>>;

// The candidates that the case holds: [K,n] values, places and embeddings, padded with zeros.
Candidates expected_candidates(const Case& golden, std::size_t tag_size) {
  const std::vector<double> values = golden.tensors.doubles("cand_val"), places = golden.tensors.doubles("cand_loc");
  const std::vector<float> tags = golden.tensors.floats("cand_tag");
  const std::vector<std::int64_t> counts = golden.tensors.integers("cand_count");
  const std::size_t slots = values.size() / counts.size();
  Candidates all(counts.size());
  for (std::size_t k = 0; k < counts.size(); ++k)
    for (std::size_t i = 0; i < slots; ++i) {
      const std::size_t at = k * slots + i;
      const auto first = tags.begin() + static_cast<std::ptrdiff_t>(at * tag_size);
      if (static_cast<std::int64_t>(i) < counts[k])
        all[k].push_back({static_cast<int>(places[2 * at]),
                          static_cast<int>(places[2 * at + 1]),
                          static_cast<float>(values[at]),
                          0,
                          0,
                          {first, first + static_cast<std::ptrdiff_t>(tag_size)}});
      else if (values[at] != 0)
        all[k].push_back({});  // no padding: a candidate that the count does not know
    }
  return all;
}

std::vector<double> numbers(const Candidates& candidates) {
  std::vector<double> result;
  for (std::size_t k = 0; k < candidates.size(); ++k)
    for (const Candidate& c : candidates[k]) {
      result.insert(result.end(), {static_cast<double>(k), static_cast<double>(c.x), static_cast<double>(c.y)});
      result.push_back(static_cast<double>(c.value));
      result.insert(result.end(), c.tag.begin(), c.tag.end());
    }
  return result;
}

void in_row_order(Candidates& candidates) {
  for (auto& list : candidates) std::ranges::sort(list, {}, [](const Candidate& c) { return std::pair(c.y, c.x); });
}

void check_candidates(Problems& problems, const Candidates& found, const Case& golden, std::size_t tag_size) {
  Candidates ours = found, theirs = expected_candidates(golden, tag_size);
  if (golden.any_order) in_row_order(ours), in_row_order(theirs);
  std::size_t total = 0;
  std::vector<std::int64_t> counts;
  for (const auto& list : found) {
    total += list.size();
    counts.push_back(static_cast<std::int64_t>(list.size()));
    if (!std::ranges::is_sorted(list, std::greater(), &Candidate::value)) problems.emplace_back("no falling order");
  }
  if (counts != golden.tensors.integers("cand_count")) problems.emplace_back("other numbers of candidates");
  if (total != golden.expected["candidates_total"].get<std::size_t>())
    problems.push_back(fmt::format("{} candidates, expected {}", total, golden.expected["candidates_total"].dump()));
  check_tensor(problems, "candidates", numbers(ours), numbers(theirs), kHeatmaps);
}

// What a stage says of the people: some numbers each.
using People = std::vector<std::vector<double>>;

People grouped(const std::vector<Group>& groups, std::size_t tag_size) {
  People people;
  for (const Group& group : groups) {
    people.emplace_back();
    for (const Candidate* joint : group.joints) {
      std::vector<double> row(3 + tag_size, 0.0);
      if (joint != nullptr) {
        row[0] = joint->x, row[1] = joint->y, row[2] = static_cast<double>(joint->value);
        std::ranges::copy(joint->tag, row.begin() + 3);
      }
      people.back().insert(people.back().end(), row.begin(), row.end());
    }
  }
  return people;
}

People places(std::span<const Person> persons) {
  People people;
  for (const Person& person : persons) {
    people.emplace_back();
    for (const Keypoint& k : person.keypoints)
      for (const float value : {k.x, k.y, k.score}) people.back().push_back(static_cast<double>(value));
  }
  return people;
}

People scores(std::span<const Person> persons) {
  People people;
  for (const Person& person : persons) people.push_back({person.score});
  return people;
}

// Where people may come in any order, they are put in that of their first numbers.
void check_people(Problems& problems, const std::string& what, People found, const std::vector<double>& expected,
                  const Case& golden, double tolerance) {
  const std::size_t n = golden.expected["instances"];
  if (found.size() != n || expected.size() % std::max<std::size_t>(n, 1) != 0) {
    problems.push_back(fmt::format("{}: {} people, expected {}", what, found.size(), n));
    return;
  }
  People theirs;
  const std::size_t each = n == 0 ? 0 : expected.size() / n;
  for (std::size_t p = 0; p < n; ++p) {
    const auto first = expected.begin() + static_cast<std::ptrdiff_t>(p * each);
    theirs.emplace_back(first, first + static_cast<std::ptrdiff_t>(each));
  }
  if (golden.any_order) std::ranges::sort(found), std::ranges::sort(theirs);
  for (std::size_t p = 0; p < n; ++p)
    check_tensor(problems, fmt::format("{} of person {}", what, p), found[p], theirs[p], tolerance);
}

PictureFrame frame_of(const Json& settings) {
  const BaseSize base{settings["base_size"][0], settings["base_size"][1]};
  return {base, settings["center"][0], settings["center"][1], settings["scale"][0].get<double>() * 200 / base.width,
          settings["scale"][1].get<double>() * 200 / base.height};
}

void check_decoding(Problems& problems, Context& context, std::span<const MapSource> sources, const Case& golden) {
  const Json& settings = golden.settings;
  const Skeleton skeleton = skeleton_of(settings);
  const DecodeOptions options = options_of(settings);
  const PictureFrame frame = frame_of(settings);
  const AggregatedMaps maps(context, sources, frame.base, skeleton.flip);
  check_maps(problems, context, maps, golden);
  const auto tag_size = static_cast<std::size_t>(maps.embeddings().tag_size());
  if (tag_size != golden.expected["tag_dims"].get<std::size_t>()) problems.emplace_back("another size of embeddings");
  if (golden.documentation) return;

  const Candidates candidates = highest_peaks(context, search_peaks(context, maps, options));
  check_candidates(problems, candidates, golden, tag_size);
  const std::vector<Group> groups = group_candidates(candidates, skeleton.grouping_order, options.tag_distance);
  check_people(problems, "grouped", grouped(groups, tag_size), golden.tensors.doubles("grouped"), golden, kEmbeddings);
  std::vector<Person> adjusted;
  for (const Group& group : groups) adjusted.push_back(person_of_group(group, options.adjustment));
  check_people(problems, "adjusted", places(adjusted), golden.tensors.doubles("adjusted"), golden, kHeatmaps);

  const std::vector<Person> people = decode(context, sources, frame.base, skeleton, options);
  check_people(problems, "refined", places(people), golden.tensors.doubles("refined"), golden, kHeatmaps);
  check_people(problems, "scores", scores(people), golden.tensors.doubles("scores"), golden, kScores);
  check_people(problems, "final", places(to_picture(people, frame)), golden.tensors.doubles("final.f64"), golden,
               kPixels);
  const std::vector<double> stated = golden.expected["scores"].get<std::vector<double>>();
  check_people(problems, "expected.json's scores", scores(people), stated, golden, kScores);
}

Problems check_decode_case(const fs::path& folder) {
  const Case golden = read_case(folder);
  Context context(test_context_options({.threads = 2, .memory = std::size_t{4} << 30}));
  Problems problems;
  std::vector<SourceTensors> tensors;
  std::vector<MapSource> sources;
  for (std::size_t s = 0; s < golden.settings["maps"].size(); ++s) {
    const GoldenSource source = golden_source(golden.settings, folder, static_cast<int>(s));
    const Json& inputs = golden.expected["inputs"][s];
    check_checksum(problems, "input heatmaps", checksum(source.heatmaps), inputs["hms"], 1e-7);
    check_checksum(problems, "input embeddings", checksum(source.embeddings), inputs["tms"], 1e-7);
    tensors.emplace_back(context, source);
    sources.push_back({tensors.back().heatmaps, s == 0 ? tensors.back().embeddings : View<const float>{}});
  }
  check_decoding(problems, context, sources, golden);
  return problems;
}

TEST(DecodeGolden, EqualsTheOfficialCode) { run_golden_cases("decode", check_decode_case); }

TEST(DecodeGolden, DamageToAnyTensorIsSeen) {
  for (const char* name :
       {"cand_count", "cand_val", "cand_loc", "cand_tag", "grouped", "adjusted", "refined", "final.f64", "scores"}) {
    SCOPED_TRACE(name);
    expect_damage_is_seen(
        "decode", "mixed_tags",
        [name](const fs::path& folder) { damage_tensor(folder / "expected.safetensors", name); }, check_decode_case);
  }
}

TEST(DecodeGolden, DamageToAnyNumberIsSeen) {
  for (const char* pointer :
       {"/inputs/0/hms/sum", "/inputs/1/tms/dot", "/heatmaps/dot", "/heatmaps/n", "/tags/abs_sum", "/nms/sum",
        "/nms_nonzero", "/instances", "/tag_dims", "/candidates_total", "/scores/1"}) {
    SCOPED_TRACE(pointer);
    expect_damage_is_seen(
        "decode", "multi_scale", [pointer](const fs::path& folder) { damage_json(folder / "expected.json", pointer); },
        check_decode_case);
  }
}

}  // namespace
}  // namespace posecu
