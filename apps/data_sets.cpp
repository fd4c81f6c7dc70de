#include "apps/data_sets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "apps/skeleton_toml.h"
#include "core/counted.h"
#include "core/error.h"

namespace posecu {
namespace {

// Leaves out up to data.skip_missing pictures whose files are not there. 0: nothing is looked for, reading tells.
DataSet without_missing(DataSet set, const Config& config) {
  const auto most = static_cast<std::size_t>(config.large_integer("data.skip_missing"));
  if (most == 0) return set;
  std::vector<std::string> missing;
  std::erase_if(set.pictures, [&](const PictureLabel& picture) {
    if (std::filesystem::exists(picture.path)) return false;
    missing.push_back(picture.path);
    return true;
  });
  if (missing.empty()) return set;
  constexpr std::size_t kToName = 5;
  const std::string names =
      fmt::format("{}{}",
                  fmt::join(missing.begin(),
                            missing.begin() + static_cast<std::ptrdiff_t>(std::min(missing.size(), kToName)), ", "),
                  missing.size() > kToName ? ", ..." : "");
  if (missing.size() > most)
    throw InputError(set.annotation_file, "",
                     fmt::format("{} without a file, data.skip_missing allows {}: {}", counted_pictures(missing.size()),
                                 most, names));
  set.remarks.push_back(
      fmt::format("{}: {} without a file left out: {}", set.annotation_file, counted_pictures(missing.size()), names));
  return set;
}

// The mistake of everybody's first command.
void require_split(const Config& config, const std::string& split, Labels labels = Labels::required) {
  const SplitFiles files = split_files(config.text("data.dataset"), data_root(config), split, labels);
  if (std::filesystem::exists(files.annotations)) return;
  throw InputError(
      files.annotations, "",
      fmt::format("no such file, for part {} of {}\n  try: data.root=FOLDER that holds it and the pictures in {}; "
                  "posecu data synth --out FOLDER draws people where there are no data",
                  split, config.text("data.dataset"), files.pictures));
}

}  // namespace

const std::string& data_root(const Config& config) {
  const std::string& root = config.text("data.root");
  if (root.empty()) throw UsageError("data.root is empty: where is the data set?\n  try: data.root=FOLDER");
  return root;
}

Skeleton skeleton_named(const std::string& name) {
  return std::filesystem::exists(name) ? read_skeleton(name) : skeleton_by_name(name);
}

Skeleton configured_skeleton(const Config& config) {
  const std::string& name = config.text("data.skeleton");
  if (name.empty()) return skeleton_by_name(config.text("data.dataset"));
  try {
    return skeleton_named(name);
  } catch (const UsageError&) {
    throw UsageError(
        fmt::format("{}: data.skeleton = {}: neither a file nor one of coco, crowdpose and ochuman\n"
                    "  try: posecu config skeleton coco > mine.toml, and data.skeleton=mine.toml",
                    config.origin("data.skeleton"), name));
  }
}

DataSet read_train_set(const Config& config, const Skeleton& skeleton) {
  for (const std::string& split : config.texts("data.train")) require_split(config, split);
  return without_missing(
      read_splits(config.text("data.dataset"), data_root(config), config.texts("data.train"), skeleton), config);
}

DataSet read_val_set(const Config& config, const Skeleton& skeleton, Labels labels) {
  if (config.text("data.val").empty())
    throw UsageError("data.val is empty: which part of the data set shall be evaluated?\n  try: data.val=val2017");
  require_split(config, config.text("data.val"), labels);
  return without_missing(
      read_split(config.text("data.dataset"), data_root(config), config.text("data.val"), skeleton, labels), config);
}

DataSet read_train_set(const Config& config) { return read_train_set(config, configured_skeleton(config)); }
DataSet read_val_set(const Config& config) { return read_val_set(config, configured_skeleton(config)); }

}  // namespace posecu
