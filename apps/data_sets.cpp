#include "apps/data_sets.h"

#include <fmt/format.h>

#include <filesystem>

#include "apps/skeleton_toml.h"
#include "core/error.h"

namespace posecu {
namespace {

const std::string& root_of(const Config& config) {
  const std::string& root = config.text("data.root");
  if (root.empty()) throw UsageError("data.root is empty: where is the data set?\n  try: data.root=FOLDER");
  return root;
}

}  // namespace

Skeleton configured_skeleton(const Config& config) {
  const std::string& name = config.text("data.skeleton");
  if (name.empty()) return skeleton_by_name(config.text("data.dataset"));
  if (std::filesystem::exists(name)) return read_skeleton(name);
  try {
    return skeleton_by_name(name);
  } catch (const UsageError&) {
    throw UsageError(
        fmt::format("{}: data.skeleton = {}: neither a file nor one of coco, crowdpose and ochuman\n"
                    "  try: posecu config skeleton coco > mine.toml, and data.skeleton=mine.toml",
                    config.origin("data.skeleton"), name));
  }
}

DataSet read_train_set(const Config& config, const Skeleton& skeleton) {
  return read_splits(config.text("data.dataset"), root_of(config), config.texts("data.train"), skeleton);
}

DataSet read_val_set(const Config& config, const Skeleton& skeleton) {
  if (config.text("data.val").empty())
    throw UsageError("data.val is empty: which part of the data set shall be evaluated?\n  try: data.val=val2017");
  return read_split(config.text("data.dataset"), root_of(config), config.text("data.val"), skeleton);
}

DataSet read_train_set(const Config& config) { return read_train_set(config, configured_skeleton(config)); }
DataSet read_val_set(const Config& config) { return read_val_set(config, configured_skeleton(config)); }

}  // namespace posecu
