#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "apps/config.h"
#include "apps/exit_code.h"
#include "apps/help_pages.h"
#include "apps/output.h"
#include "apps/skeleton_toml.h"
#include "apps/suggestion.h"
#include "apps/verbs.h"
#include "core/error.h"

namespace posecu {
namespace {

constexpr auto kExamples = std::to_array<Example>({
    {"posecu config list", "every key with its default, its range and a sentence; built-in configurations"},
    {"posecu config show coco/higherhrnet_w32_512", "the values that a training with this CONFIG would use, as TOML"},
    {"posecu config show coco/laptop train.lr=5e-4 --origin", "where each value came from"},
    {"posecu config skeleton crowdpose > mine.toml", "a file to begin with, for keypoints of your own (data.skeleton)"},
});

constexpr auto kOptions = std::to_array<OptionHelp>({
    {"--origin", "", "Say of each value where it came from (show)."},
});

int list() {
  print(text_of_keys());
  return kDone;
}

int show(const Arguments& arguments) {
  const Config config = config_of(arguments.word(1), arguments.overrides());
  print(write_toml(config, arguments.given("--origin") ? ConfigComments::origins : ConfigComments::none));
  return kDone;
}

int skeleton(const Arguments& arguments) {
  const std::string name = arguments.words().size() > 1 ? arguments.words()[1] : "coco";
  print(
      "# A skeleton: which keypoints a person has, and what belongs to them. posecu train data.skeleton=FILE uses "
      "it.\n" +
      write_toml(std::filesystem::is_regular_file(name) ? read_skeleton(name) : skeleton_by_name(name),
                 SkeletonComments::explained));
  return kDone;
}

}  // namespace

const VerbHelp kConfigHelp{.usage = "list | show [CONFIG] [key=value...] [--origin] | skeleton [NAME|FILE]",
                           .examples = kExamples,
                           .options = kOptions,
                           .least_words = 1,
                           .most_words = 2,
                           .overrides = VerbHelp::Overrides::accepted,
                           .text =
                               "CONFIG is a TOML file or the name of a built-in configuration; NAME is coco, crowdpose "
                               "or ochuman. A skeleton\n"
                               "FILE is checked and printed in full."};

int run_config(const Arguments& arguments) {
  const std::string& what = arguments.words()[0];
  if (what == "show") return show(arguments);
  const auto choices = std::to_array<std::string_view>({"list", "show", "skeleton"});
  if (std::ranges::find(choices, what) == choices.end())
    throw UsageError(
        fmt::format("config: expected list, show or skeleton, found {}{}", what, did_you_mean(what, choices)));
  const bool name = what == "skeleton" && arguments.words().size() > 1;
  if (arguments.words().size() > (name ? 2 : 1) || !arguments.overrides().empty() || arguments.given("--origin"))
    throw UsageError(fmt::format("config {}: takes nothing else\n  try: posecu config show", what));
  return what == "skeleton" ? skeleton(arguments) : list();
}

}  // namespace posecu
