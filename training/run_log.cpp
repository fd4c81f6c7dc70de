#include "training/run_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "core/file.h"

namespace posecu {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void fail(std::string_view what, const std::string& path) {
  throw MachineError(fmt::format("{}: cannot {}: {}", path, what, std::strerror(errno)));
}

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

}  // namespace

RunLog::RunLog(const std::string& folder, LogPosition position, const std::function<void(const std::string&)>& message)
    : log_path_(folder + "/log.jsonl"), metrics_path_(folder + "/metrics.csv") {
  if (std::filesystem::exists(log_path_)) read_back(position, message);
  descriptor_ = open(log_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("open", log_path_);
  write_metrics();
}

RunLog::~RunLog() { close(descriptor_); }

void RunLog::read_back(LogPosition position, const std::function<void(const std::string&)>& message) {
  const std::string text = read_text_file(log_path_);
  std::size_t at = 0;
  for (std::int64_t line = 1; at < text.size(); ++line) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) break;  // a row that the process's end cut short
    try {
      const Json row =
          Json::parse(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(end));
      if (!belongs_before(row, position)) break;
      if (row.at("kind") == "evaluation") {
        evaluations_.push_back({row.at("step"), row.at("epoch"), evaluation_of(row)});
      }
    } catch (const Json::exception& error) {
      message(fmt::format("{}: line {}: no row of a log ({}): cut off here", log_path_, line, error.what()));
      break;
    }
    at = end + 1;
  }
  if (truncate(log_path_.c_str(), static_cast<off_t>(at)) != 0) fail("shorten", log_path_);
}

void RunLog::append(const std::string& row) {
  const std::string line = row + '\n';
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t n = write(descriptor_, line.data() + done, line.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write", log_path_);
    done += static_cast<std::size_t>(n);
  }
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
  append(json.dump());
}

void RunLog::add_skipped(const Place& place, const std::vector<std::int64_t>& picture_ids) {
  Json json = row("skipped", place);
  json.update({{"lr", place.lr}, {"pictures", picture_ids}});
  append(json.dump());
}

void RunLog::add_evaluation(const Place& place, const Evaluation& evaluation) {
  Json json = row("evaluation", place), metrics = Json::object();
  for (const auto& [name, value] : evaluation.metrics) metrics[name] = value;
  json.update({{"set", evaluation.set}, {"score", evaluation.score}, {"metrics", metrics}});
  append(json.dump());
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
      const auto found = std::ranges::find(row.evaluation.metrics, name, &std::pair<std::string, double>::first);
      text += found == row.evaluation.metrics.end() ? std::string(",") : fmt::format(",{}", found->second);
    }
    text += '\n';
  }
  write_file_atomically(metrics_path_, text);
}

void RunLog::sync() {
  if (fdatasync(descriptor_) != 0) fail("sync", log_path_);
}

}  // namespace posecu
