#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/bench.h"

namespace posecu {
namespace {

const char* name_of(BenchedWork work) {
  if (work == BenchedWork::inference) return "inference";
  return work == BenchedWork::losses ? "losses" : "training step";
}

// Rows of a kind, together; longest first.
std::vector<BenchRow> by_kind(const std::vector<BenchRow>& rows) {
  std::vector<BenchRow> kinds;
  for (const BenchRow& row : rows) {
    auto kind = std::ranges::find(kinds, row.kind, &BenchRow::kind);
    if (kind == kinds.end()) kind = kinds.insert(kinds.end(), {.kind = row.kind, .shape = {}});
    kind->calls += row.calls;
    kind->ms += row.ms, kind->gigabytes += row.gigabytes, kind->gflop += row.gflop;
  }
  std::ranges::sort(kinds, std::greater{}, &BenchRow::ms);
  return kinds;
}

struct Speeds {
  double gbs, of_copy, gflops, of_matrix;
};
Speeds speeds_of(const BenchRow& row, const BenchLimits& limits) {
  const double gbs = row.gigabytes / row.ms * 1e3, gflops = row.gflop / row.ms * 1e3;
  return {gbs, gbs / limits.copy, gflops, gflops / limits.matrix};
}

std::string table_line(const BenchRow& row, const BenchLimits& limits, double total) {
  const Speeds speeds = speeds_of(row, limits);
  std::string line = fmt::format("  {:<20} {:<28} {:>5} {:>9.3f} {:>5.1f}% {:>8.1f} {:>4.0f}%", row.kind, row.shape,
                                 row.calls, row.ms, 100 * row.ms / total, speeds.gbs, 100 * speeds.of_copy);
  if (row.gflop > 0) line += fmt::format(" {:>9.1f} {:>5.0f}%", speeds.gflops, 100 * speeds.of_matrix);
  return line + "\n";
}

double total_of(const std::vector<BenchRow>& rows) {
  double total = 0;
  for (const BenchRow& row : rows) total += row.ms;
  return total;
}

std::string run_table(const BenchedRun& run, const BenchLimits& limits) {
  const BenchTimes& t = run.times;
  const double total = total_of(run.rows);
  std::string text = fmt::format(
      "\n{}, batch {}: {:.2f} ms ({:.2f} to {:.2f} in {} runs), {:.1f} pictures/s, {:.0f} GFLOP/s ({:.0f} % of "
      "matrix), "
      "{:.0f} MiB\n",
      name_of(run.work), run.batch, t.median, t.least, t.most, t.runs, run.batch / t.median * 1e3,
      run.gflop / t.median * 1e3, 100 * run.gflop / t.median * 1e3 / limits.matrix,
      static_cast<double>(run.memory) / 1048576);
  text += fmt::format("operations one by one: {:.2f} ms\n", total);
  text += fmt::format("  {:<20} {:<28} {:>5} {:>9} {:>6} {:>8} {:>5} {:>9} {:>6}\n", "kind", "shape", "calls", "ms",
                      "share", "GB/s", "copy", "GFLOP/s", "matrix");
  for (const BenchRow& row : by_kind(run.rows)) text += table_line(row, limits, total);
  text += "\n";
  for (const BenchRow& row : run.rows) text += table_line(row, limits, total);
  return text;
}

using Json = nlohmann::ordered_json;

Json json_of(const std::vector<BenchRow>& rows, const BenchLimits& limits) {
  Json list = Json::array();
  for (const BenchRow& row : rows) {
    const Speeds speeds = speeds_of(row, limits);
    list.push_back({{"kind", row.kind},
                    {"shape", row.shape.empty() ? Json() : Json(row.shape)},
                    {"calls", row.calls},
                    {"ms", row.ms},
                    {"gigabytes", row.gigabytes},
                    {"of_copy", speeds.of_copy},
                    {"gflop", row.gflop},
                    {"of_matrix", speeds.of_matrix}});
  }
  return list;
}

}  // namespace

std::string bench_table(const BenchReport& report) {
  std::string text = fmt::format("{}\n{}: copies {:.1f} GB/s, multiplies matrices at {:.1f} GFLOP/s\n", report.network,
                                 report.device, report.limits.copy, report.limits.matrix);
  for (const BenchedRun& run : report.runs) text += run_table(run, report.limits);
  return text;
}

std::string bench_json(const BenchReport& report) {
  Json json{{"network", report.network},
            {"device", report.device},
            {"copy_gb_s", report.limits.copy},
            {"matrix_gflop_s", report.limits.matrix}};
  for (const BenchedRun& run : report.runs)
    json["runs"].push_back(
        {{"work", name_of(run.work)},
         {"batch", run.batch},
         {"ms", {{"median", run.times.median}, {"least", run.times.least}, {"most", run.times.most}}},
         {"runs", run.times.runs},
         {"gflop", run.gflop},
         {"memory_bytes", run.memory},
         {"kinds", json_of(by_kind(run.rows), report.limits)},
         {"shapes", json_of(run.rows, report.limits)}});
  return json.dump(1);
}

}  // namespace posecu
