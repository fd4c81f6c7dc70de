#include "apps/data_sets.h"

#include "core/error.h"

namespace posecu {
namespace {

const std::string& root_of(const Config& config) {
  const std::string& root = config.text("data.root");
  if (root.empty()) throw UsageError("data.root is empty: where is the data set?\n  try: data.root=FOLDER");
  return root;
}

}  // namespace

DataSet read_train_set(const Config& config) {
  return read_splits(config.text("data.dataset"), root_of(config), config.texts("data.train"));
}

DataSet read_val_set(const Config& config) {
  if (config.text("data.val").empty())
    throw UsageError("data.val is empty: which part of the data set shall be evaluated?\n  try: data.val=val2017");
  return read_split(config.text("data.dataset"), root_of(config), config.text("data.val"));
}

}  // namespace posecu
