#include "training/run_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "core/file.h"

namespace posecu {
namespace {

using Json = nlohmann::ordered_json;

// The first of them: AP, AP50 and AP75.
constexpr std::size_t kDrawnMetrics = 3;

Json row(const char* kind, const RunLog::Place& place) {
  return {{"kind", kind}, {"step", place.step}, {"epoch", place.epoch}};
}

bool belongs_before(const Json& row, LogPosition position) {
  const std::int64_t step = row.at("step").get<std::int64_t>();
  if (step != position.step) return step < position.step;
  return position.evaluated || row.at("kind") != "evaluation";
}

// JSON has no NaN: it was written as null.
double number(const Json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

// A text in a table, which may hold commas and quotes.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + '"';
}

Evaluation evaluation_of(const Json& row) {
  Evaluation evaluation{number(row.at("score")), {}, row.at("set")};
  for (const auto& [name, value] : row.at("metrics").items()) evaluation.metrics.emplace_back(name, number(value));
  return evaluation;
}

LossValues losses_of(const Json& row) {
  return {.heatmap = number(row.at("heatmap")),
          .pull = number(row.at("pull")),
          .push = number(row.at("push")),
          .scale = number(row.at("scale"))};
}

// What TensorBoard is told of a row, under its groups; nothing of a step that was skipped.
std::vector<Scalar> scalars_of(const Json& row) {
  std::vector<Scalar> scalars;
  if (row.at("kind") == "step") {
    for (const char* name : {"loss", "heatmap", "pull", "push", "scale"})
      scalars.push_back(
          {fmt::format("loss/{}", name == std::string_view("loss") ? "sum" : name), number(row.at(name))});
    for (const char* name : {"lr", "gradient_norm"})
      scalars.push_back({fmt::format("training/{}", name), number(row.at(name))});
    for (const char* name : {"seconds", "waiting"})
      scalars.push_back({fmt::format("time/{}", name), number(row.at(name))});
  } else if (row.at("kind") == "evaluation") {
    for (const auto& [name, value] : row.at("metrics").items())
      scalars.push_back({"evaluation/" + name, number(value)});
  }
  return scalars;
}

void append(const Json& row, AppendedFile& log, EventFile& events) {
  log.append(row.dump() + '\n');
  if (const std::vector<Scalar> scalars = scalars_of(row); !scalars.empty()) events.append(row.at("step"), scalars);
}

std::optional<double> metric(const Evaluation& evaluation, const std::string& name) {
  const auto found = std::ranges::find(evaluation.metrics, name, &std::pair<std::string, double>::first);
  return found == evaluation.metrics.end() ? std::nullopt : std::optional(found->second);
}

// Whole lines only: what the process's end cut short is no row. `use` says whether to go on.
template <class Use>
void for_each_line(std::string_view text, Use use) {
  for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    if (!use(text.substr(0, end))) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

RunLog::RunLog(const std::string& folder, LogPosition position, const std::function<void(const std::string&)>& message)
    : folder_(folder), log_path_(folder + "/log.jsonl") {
  const Kept kept = std::filesystem::exists(log_path_) ? read_back(position, message) : Kept{};
  log_.emplace(log_path_, kept.bytes);
  events_.emplace(folder_, kept.events);
  repair_events(kept.events);
  write_metrics();
  if (kept.bytes > 0) draw();
}

RunLog::Kept RunLog::read_back(LogPosition position, const std::function<void(const std::string&)>& message) {
  Kept kept;
  std::int64_t number = 0;
  for_each_line(read_text_file(log_path_), [&](std::string_view line) {
    ++number;
    try {
      const Json row = Json::parse(line);
      if (!belongs_before(row, position)) return false;
      const std::vector<Scalar> scalars = scalars_of(row);
      if (row.at("kind") == "evaluation")
        evaluations_.push_back({row.at("step"), row.at("epoch"), evaluation_of(row)});
      else if (row.at("kind") == "step")
        add_to_curves(row.at("step"), losses_of(row));
      kept.bytes += line.size() + 1, kept.events += scalars.empty() ? 0 : 1;
      return true;
    } catch (const Json::exception& error) {
      message(fmt::format("{}: line {}: no row of a log ({}): cut off here", log_path_, number, error.what()));
      return false;
    }
  });
  return kept;
}

// Events are not synced with the log: after a power cut they may have fewer rows, or damaged ones.
void RunLog::repair_events(std::int64_t wanted) {
  if (events_->kept() == wanted) return;
  std::int64_t before = events_->kept();
  for_each_line(read_text_file(log_path_), [&](std::string_view line) {
    const Json row = Json::parse(line);
    const std::vector<Scalar> scalars = scalars_of(row);
    if (!scalars.empty() && before-- <= 0) events_->append(row.at("step"), scalars);
    return true;
  });
}

void RunLog::add_to_curves(std::int64_t step, const LossValues& losses) {
  const auto at = static_cast<double>(step);
  curves_.total.add(at, losses.total());
  curves_.heatmap.add(at, losses.heatmap);
  curves_.pull.add(at, losses.pull);
  curves_.push.add(at, losses.push);
  curves_.scale.add(at, losses.scale);
}

void RunLog::add_step(const Place& place, const LossValues& losses, double gradient_norm, double seconds,
                      double waiting) {
  Json json = row("step", place);
  json.update({{"lr", place.lr},
               {"loss", losses.total()},
               {"heatmap", losses.heatmap},
               {"pull", losses.pull},
               {"push", losses.push},
               {"scale", losses.scale},
               {"gradient_norm", gradient_norm},
               {"seconds", seconds},
               {"waiting", waiting}});
  append(json, *log_, *events_);
  add_to_curves(place.step, losses);
}

void RunLog::add_skipped(const Place& place, const std::vector<std::int64_t>& picture_ids) {
  Json json = row("skipped", place);
  json.update({{"lr", place.lr}, {"pictures", picture_ids}});
  append(json, *log_, *events_);
}

void RunLog::add_evaluation(const Place& place, const Evaluation& evaluation) {
  Json json = row("evaluation", place), metrics = Json::object();
  for (const auto& [name, value] : evaluation.metrics) metrics[name] = value;
  json.update({{"set", evaluation.set}, {"score", evaluation.score}, {"metrics", metrics}});
  append(json, *log_, *events_);
  evaluations_.push_back({place.step, place.epoch, evaluation});
  write_metrics();
}

void RunLog::write_metrics() const {
  std::vector<std::string> columns;  // of all evaluations, in order of first appearance
  for (const EvaluationRow& row : evaluations_) {
    for (const auto& [name, value] : row.evaluation.metrics) {
      if (std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
    }
  }
  std::string text = "step,epoch,set,score";
  for (const std::string& name : columns) text += ',' + name;
  text += '\n';
  for (const EvaluationRow& row : evaluations_) {
    text += fmt::format("{},{},{},{}", row.step, row.epoch, quoted(row.evaluation.set), row.evaluation.score);
    for (const std::string& name : columns) {
      const auto value = metric(row.evaluation, name);
      text += value ? fmt::format(",{}", *value) : std::string(",");
    }
    text += '\n';
  }
  write_file_atomically(folder_ + "/metrics.csv", text);
}

void RunLog::sync() { log_->sync(); }

void RunLog::draw() const {
  Chart losses{.title = "Losses, as weighted in their sum", .scale = Chart::Scale::logarithmic, .series = {}};
  for (const auto& [name, curve] : {std::pair<const char*, const Curve*>{"sum", &curves_.total},
                                    {"heatmap", &curves_.heatmap},
                                    {"pull", &curves_.pull},
                                    {"push", &curves_.push},
                                    {"scale", &curves_.scale}})
    losses.series.push_back({name, curve->points()});
  write_file_atomically(folder_ + "/loss.svg", chart_svg(losses));
  if (evaluations_.empty()) return;

  Chart scores{.title = "Evaluations on " + evaluations_.back().evaluation.set, .series = {}};
  const auto& metrics = evaluations_.front().evaluation.metrics;
  for (std::size_t i = 0; i < std::min(metrics.size(), kDrawnMetrics); ++i) {
    ChartSeries series{metrics[i].first, {}, ChartSeries::Marks::dots};
    for (const EvaluationRow& row : evaluations_)
      if (const auto value = metric(row.evaluation, metrics[i].first); value && std::isfinite(*value))
        series.points.push_back({static_cast<double>(row.step), *value});
    scores.series.push_back(std::move(series));
  }
  write_file_atomically(folder_ + "/evaluations.svg", chart_svg(scores));
}

}  // namespace posecu
