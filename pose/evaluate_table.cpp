// The table in the words of the tools (evaluate.h).
#include <fmt/format.h>

#include <algorithm>

#include "pose/evaluate.h"

namespace posecu {

namespace {

// "AP50" -> thresholds "0.50", pictures and people "all".
struct Row {
  bool precision = true;
  std::string thresholds = "0.50:0.95";
  std::string_view group = "area", which = "all";
};

Row row_of(std::string_view name, Evaluator evaluator) {
  Row row{.precision = name.starts_with("AP")};
  if (name.ends_with("50")) row.thresholds = "0.50";
  if (name.ends_with("75")) row.thresholds = "0.75";
  if (name.ends_with("M")) row.which = "medium";
  if (name.ends_with("L")) row.which = "large";
  if (const std::size_t at = name.find('_'); at != std::string_view::npos) {
    row.group = "type";
    row.which = name.substr(at + 1);
    if (evaluator == Evaluator::crowdposetools) row.precision = false;  // it calls these three recalls
  }
  return row;
}

// xtcocotools keeps a place for the sign, except in CrowdPose's last three lines.
std::string value_text(double value, Evaluator evaluator, const Row& row) {
  const bool place_for_sign = evaluator == Evaluator::xtcocotools && row.group == "area";
  return place_for_sign ? fmt::format("{: .3f}", value) : fmt::format("{:.3f}", value);
}

std::string line(const Statistic& statistic, Evaluator evaluator) {
  const Row row = row_of(statistic.name, evaluator);
  return fmt::format(" {:<18} {} @[ IoU={:<9} | {}={:>6} | maxDets={:>3} ] = {}\n",
                     row.precision ? "Average Precision" : "Average Recall", row.precision ? "(AP)" : "(AR)",
                     row.thresholds, row.group, row.which, kMostDetections,
                     value_text(statistic.value, evaluator, row));
}

}  // namespace

std::string format_table(const ScoreTable& table) {
  std::string text;
  for (const Statistic& statistic : table.statistics) text += line(statistic, table.evaluator);
  text += fmt::format("evaluator: {}{}\n", to_string(table.evaluator),
                      table.protocol == Protocol::crowdpose ? " (CrowdPose)" : "");
  if (std::ranges::any_of(table.statistics, [](const Statistic& s) { return s.value == -1; })) {
    text += "note: -1 means that there was nobody to find\n";
  }
  if (table.evaluator == Evaluator::crowdposetools) {
    text += "note: easy, medium and hard are average precisions, whatever crowdposetools calls them\n";
  }
  for (const std::string& note : table.notes) text += "note: " + note + '\n';
  return text;
}

}  // namespace posecu
