#include "training/curves.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace posecu {
namespace {

// Places of the picture, in its own units.
constexpr double kWidth = 720, kHeight = 420, kLeft = 76, kRight = 700, kTop = 84, kBottom = 370;
constexpr std::array kColors{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};

struct Range {
  double least = 0, most = 1;
};

// 1, 2 or 5 times a power of ten: about `count` of them from 0 to `most`.
double nice_step(double most, int count) {
  const double raw = most / count, power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= raw) return factor * power;
  return 10 * power;
}

std::string superscript(int number) {
  constexpr std::array kDigits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = number < 0 ? "⁻" : "";
  for (const char digit : std::to_string(std::abs(number))) text += kDigits[static_cast<std::size_t>(digit - '0')];
  return text;
}

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart) {
    steps_ = {0, std::max(chart.last_step, 1.0)};
    values_ = logarithmic() ? Range{1e300, 0} : Range{0, 0};
    for (const ChartSeries& series : chart.series)
      for (const CurvePoint point : series.points) include(point);
    round_values();
  }

  std::string svg() {
    text_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
        "font-family=\"sans-serif\" font-size=\"13\" fill=\"#333\">\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n"
        "<text x=\"{2}\" y=\"28\" font-size=\"17\" font-weight=\"bold\">{3}</text>\n",
        kWidth, kHeight, kLeft, escaped(chart_.title));
    draw_axes();
    double legend = kLeft;
    for (std::size_t i = 0; i < chart_.series.size(); ++i) {
      const std::string color = kColors[i % kColors.size()];
      draw_series(chart_.series[i], color);
      legend = draw_legend(chart_.series[i], color, legend);
    }
    return text_ + "</svg>\n";
  }

 private:
  bool logarithmic() const { return chart_.scale == Chart::Scale::logarithmic; }
  bool can_draw(CurvePoint point) const { return !logarithmic() || point.value > 0; }

  void include(CurvePoint point) {
    steps_.most = std::max(steps_.most, point.step);
    if (!can_draw(point)) return;
    values_.least = std::min(values_.least, point.value), values_.most = std::max(values_.most, point.value);
  }

  void round_values() {
    if (logarithmic()) {
      if (values_.most == 0) values_ = {1e-3, 1};
      values_.least = std::floor(std::log10(values_.least));
      values_.most = std::max(std::ceil(std::log10(values_.most)), values_.least + 1);
      return;
    }
    values_.least = 0;
    if (values_.most <= 0) values_.most = 1;
    const double step = nice_step(values_.most, 5);
    values_.most = step * std::ceil(values_.most / step - 1e-9);
  }

  double x(double step) const { return kLeft + (kRight - kLeft) * step / steps_.most; }
  double y(double value) const {
    const double place = logarithmic() ? std::log10(value) : value;
    return kBottom - (kBottom - kTop) * (place - values_.least) / (values_.most - values_.least);
  }

  void grid_line(double value, const std::string& label) {
    text_ += fmt::format(
        "<path d=\"M{0} {1:.1f}H{2}\" stroke=\"#e4e4e0\"/><text x=\"{3}\" y=\"{4:.1f}\" "
        "text-anchor=\"end\">{5}</text>\n",
        kLeft, y(value), kRight, kLeft - 8, y(value) + 4.5, label);
  }

  void draw_axes() {
    if (logarithmic()) {
      for (int power = static_cast<int>(values_.least); power <= static_cast<int>(values_.most); ++power)
        grid_line(std::pow(10, power), "10" + superscript(power));
    } else {
      const double step = nice_step(values_.most, 5);
      for (int i = 0; i * step <= values_.most * (1 + 1e-9); ++i) grid_line(i * step, fmt::format("{:.6g}", i * step));
    }
    const double step = std::max(nice_step(steps_.most, 6), 1.0);
    for (int i = 0; i * step <= steps_.most; ++i)
      text_ += fmt::format(
          "<path d=\"M{0:.1f} {1}v5\" stroke=\"#888\"/><text x=\"{0:.1f}\" y=\"{2}\" text-anchor=\"middle\">{3:.0f}"
          "</text>\n",
          x(i * step), kBottom, kBottom + 20, i * step);
    text_ += fmt::format(
        "<path d=\"M{0} {1}V{2}H{3}\" fill=\"none\" stroke=\"#888\"/>\n"
        "<text x=\"{3}\" y=\"{4}\" text-anchor=\"end\" fill=\"#777\">steps</text>\n",
        kLeft, kTop, kBottom, kRight, kHeight - 12);
  }

  void draw_series(const ChartSeries& series, const std::string& color) {
    std::string path, dots;
    for (const CurvePoint point : series.points) {
      if (!can_draw(point)) continue;
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', x(point.step), y(point.value));
      if (series.marks == ChartSeries::Marks::dots)
        dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"/>", x(point.step),
                            y(point.value), color);
    }
    if (path.empty()) return;
    text_ +=
        fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.8\" stroke-linejoin=\"round\"/>{}\n",
                    path, color, dots);
  }

  // Returns where the next name begins.
  double draw_legend(const ChartSeries& series, const std::string& color, double left) {
    const int digits = logarithmic() ? 2 : 3;
    const std::string last = series.points.empty() ? "" : fmt::format(" {:.{}g}", series.points.back().value, digits);
    text_ += fmt::format(
        "<path d=\"M{:.0f} 54h16\" stroke=\"{}\" stroke-width=\"3\"/><text x=\"{:.0f}\" y=\"58.5\">{}{}</text>\n", left,
        color, left + 21, escaped(series.name), last);
    return left + 38 + 6.8 * static_cast<double>(series.name.size() + last.size());
  }

  static std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) result += c == '&' ? "&amp;" : c == '<' ? "&lt;" : std::string(1, c);
    return result;
  }

  const Chart& chart_;
  Range steps_, values_;  // values: powers of ten where the scale is logarithmic
  std::string text_;
};

}  // namespace

void Curve::add(double step, double value) {
  if (!std::isfinite(value)) return;
  if (runs_.empty() || runs_.back().count == length_) runs_.emplace_back();
  Run& run = runs_.back();
  run.steps += step, run.values += value, ++run.count;
  if (runs_.size() < kMostPoints || run.count < length_) return;
  for (std::size_t i = 0; i < runs_.size() / 2; ++i) {
    const Run &first = runs_[2 * i], &second = runs_[2 * i + 1];
    runs_[i] = {first.steps + second.steps, first.values + second.values, first.count + second.count};
  }
  runs_.resize(runs_.size() / 2);
  length_ *= 2;
}

std::vector<CurvePoint> Curve::points() const {
  std::vector<CurvePoint> points;
  for (const Run& run : runs_) {
    const auto count = static_cast<double>(run.count);
    points.push_back({run.steps / count, run.values / count});
  }
  return points;
}

std::string chart_svg(const Chart& chart) { return Drawing(chart).svg(); }

}  // namespace posecu
