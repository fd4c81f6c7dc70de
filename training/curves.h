// Numbers over steps, drawn: a thinned-out curve, and a chart of several as SVG.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace posecu {

struct CurvePoint {
  double step = 0, value = 0;
};

// Means over runs of steps, all of the same length, which doubles when there would be too many: any number of steps
// takes the same memory. What is not finite is left out.
class Curve {
 public:
  static constexpr std::size_t kMostPoints = 400;

  void add(double step, double value);
  std::vector<CurvePoint> points() const;

 private:
  struct Run {
    double steps = 0, values = 0;  // sums
    std::int64_t count = 0;
  };
  std::vector<Run> runs_;
  std::int64_t length_ = 1;
};

struct ChartSeries {
  std::string name;
  std::vector<CurvePoint> points;
  enum class Marks { none, dots } marks = Marks::none;
};

struct Chart {
  enum class Scale { linear, logarithmic };  // of values; a logarithm leaves out what is not above 0

  std::string title;
  Scale scale = Scale::linear;
  double last_step = 0;  // the end of the axis of steps; further if a point lies further
  std::vector<ChartSeries> series;
};

// Linear charts begin at 0. Colours tell the series apart for most eyes (Okabe & Ito's), and the legend has the last
// values.
std::string chart_svg(const Chart& chart);

}  // namespace posecu
