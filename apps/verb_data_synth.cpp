#include "apps/verb_data_synth.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "apps/exit_code.h"
#include "apps/interrupt.h"
#include "apps/progress.h"
#include "apps/suggestion.h"
#include "core/counted.h"
#include "core/error.h"
#include "data/synth_set.h"

namespace posecu {
namespace {

template <class Value>
struct Choice {
  std::string_view name;
  Value value;
};

template <class Value, std::size_t n>
Value choose(const Arguments& arguments, std::string_view option, const Choice<Value> (&choices)[n], Value otherwise) {
  const auto given = arguments.value(option);
  if (!given) return otherwise;
  std::vector<std::string_view> names;
  for (const Choice<Value>& choice : choices) {
    if (choice.name == *given) return choice.value;
    names.push_back(choice.name);
  }
  throw UsageError(
      fmt::format("{} {}: expected {}{}", option, *given, fmt::join(names, ", "), did_you_mean(*given, names)));
}

std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts{""};
  for (const char c : list) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

// A split becomes part of files' names, and a folder beside annotations/.
void check_split_names(const std::vector<std::string>& names) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.'; };
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (name->empty() || name->front() == '.' || !std::ranges::all_of(*name, plain) || *name == "annotations")
      throw UsageError(
          fmt::format("--split: \"{}\" is no name of a split\n  expected letters, digits, _, - and .", *name));
    if (std::find(names.begin(), name, *name) != name)
      throw UsageError(fmt::format("--split: {} is there twice", *name));
  }
}

std::vector<SynthSplit> read_splits(const Arguments& arguments) {
  const std::vector<std::string> names = parts_of(arguments.value("--split").value_or("train"));
  const std::vector<std::string> counts = parts_of(arguments.value("--count").value_or("1000"));
  check_split_names(names);
  if (counts.size() != 1 && counts.size() != names.size())
    throw UsageError(fmt::format("--count: {} numbers for {} splits\n  expected one number, or one for each split",
                                 counts.size(), names.size()));
  std::vector<SynthSplit> splits;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& count = counts[counts.size() == 1 ? 0 : i];
    splits.push_back({names[i], static_cast<int>(whole_number("--count", count, 1, kMostSynthPictures))});
  }
  return splits;
}

void read_size(const Arguments& arguments, SynthOptions& options) {
  const std::string size = arguments.value("--size").value_or("320x240");
  const std::size_t by = size.find('x');
  if (by == std::string::npos)
    throw UsageError(fmt::format("--size {}: expected WIDTHxHEIGHT, for example 320x240", size));
  const auto side = [](std::string_view text) {
    return static_cast<int>(whole_number("--size: side", text, kLeastSynthSide, kMostSynthSide));
  };
  options.width = side(std::string_view(size).substr(0, by));
  options.height = side(std::string_view(size).substr(by + 1));
}

SynthSetOptions read_options(const Arguments& arguments) {
  constexpr Choice<SynthPreset> kPresets[] = {
      {"easy", SynthPreset::easy}, {"varied", SynthPreset::varied}, {"crowd", SynthPreset::crowd}};
  constexpr Choice<SynthLayout> kLayouts[] = {{"coco", SynthLayout::coco}, {"crowdpose", SynthLayout::crowdpose}};
  SynthSetOptions options;
  options.pictures.preset = choose(arguments, "--preset", kPresets, SynthPreset::varied);
  options.layout = choose(arguments, "--layout", kLayouts, SynthLayout::coco);
  read_size(arguments, options.pictures);
  const std::string seed = arguments.value("--seed").value_or("0");
  options.pictures.seed =
      static_cast<std::uint64_t>(whole_number("--seed", seed, 0, std::numeric_limits<std::int64_t>::max()));
  options.splits = read_splits(arguments);
  options.threads = static_cast<int>(
      whole_number("--threads", arguments.value("--threads").value_or(std::to_string(usable_cores())), 1, 1024));
  const auto folder = arguments.value("--out");
  if (!folder) throw UsageError("data synth: where to? --out DIR is missing\n  try: posecu data synth --out people");
  options.folder = *folder;
  return options;
}

class Report {
 public:
  Report(const SynthSetOptions& options, Chatter chatter) : progress_(chatter) {
    for (const SynthSplit& split : options.splits) all_ += split.pictures;
  }

  void count(int done) {
    if (!progress_.due()) return;
    const double rate = done / seconds();
    progress_.show(fmt::format("{} of {} pictures, {:.0f} a second, {} left", done, all_, rate,
                               format_duration((all_ - done) / rate)));
  }

  void finish() { progress_.clear(); }
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

 private:
  Progress progress_;
  int all_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace

int run_data_synth(const Arguments& arguments) {
  const SynthSetOptions options = read_options(arguments);
  const Interrupts interrupts;
  Report report(options, chatter(arguments));
  const auto size = write_synth_set(options, [&](int done) {
    report.count(done);
    return !interrupts.requested();
  });
  report.finish();
  if (!size) {
    say(chatter(arguments), fmt::format("stopped: nothing is left in {}\n", options.folder));
    return interrupts.exit_code();
  }
  print(fmt::format("{}: {}, {}, {} of them with keypoints\n", options.folder, counted_pictures(size->pictures),
                    counted_people(size->people), size->labelled));
  return kDone;
}

}  // namespace posecu
