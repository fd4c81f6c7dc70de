#include "training/curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace posecu {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(CurveTest, KeepsFewPointsAsStepsAre) {
  Curve curve;
  for (int step = 1; step <= 7; ++step) curve.add(step, step * step);
  curve.add(8, std::numeric_limits<double>::quiet_NaN());
  const std::vector<CurvePoint> points = curve.points();
  ASSERT_EQ(points.size(), 7U);
  EXPECT_EQ(points.back().step, 7);
  EXPECT_EQ(points.back().value, 49);
}

TEST(CurveTest, IsThinnedToMeansOfEqualRuns) {
  for (const int steps : {399, 400, 401, 5000, 123456}) {
    Curve curve;
    double sum = 0;
    for (int step = 1; step <= steps; ++step) curve.add(step, 3.0 * step), sum += 3.0 * step;
    const std::vector<CurvePoint> points = curve.points();
    EXPECT_LE(points.size(), Curve::kMostPoints) << steps;
    EXPECT_GE(points.size(), std::min<std::size_t>(static_cast<std::size_t>(steps), Curve::kMostPoints / 2)) << steps;
    // Of a straight line, the mean of a run lies on it, wherever the run begins and ends.
    double before = 0;
    for (const CurvePoint point : points) {
      EXPECT_DOUBLE_EQ(point.value, 3 * point.step) << steps;
      EXPECT_GT(point.step, before) << steps;
      before = point.step;
    }
    const double run = points.size() > 1 ? points[1].step - points[0].step : 1;
    for (std::size_t i = 2; i + 1 < points.size(); ++i) ASSERT_EQ(points[i].step - points[i - 1].step, run) << steps;
    EXPECT_GT(before, steps - 2 * run) << steps;
  }
}

TEST(ChartTest, PutsPointsWhereTheAxesSayTheyAre) {
  const Chart chart{.title = "A & B", .last_step = 100, .series = {{"AP", {{0, 0}, {50, 0.25}, {100, 0.5}}}}};
  const std::string svg = chart_svg(chart);
  EXPECT_THAT(svg, HasSubstr("A &amp; B"));
  EXPECT_THAT(svg, HasSubstr("d=\"M76.0 370.0L388.0 227.0L700.0 84.0\""));  // the whole frame, from corner to corner
  for (const char* label : {">0<", ">0.1<", ">0.5<", ">100<"}) EXPECT_THAT(svg, HasSubstr(label));
  EXPECT_THAT(svg, HasSubstr("AP 0.5<"));
  EXPECT_THAT(svg, Not(HasSubstr("<circle")));
}

TEST(ChartTest, HasDecadesOnALogarithmicAxis) {
  Chart chart{.title = "", .scale = Chart::Scale::logarithmic, .last_step = 10, .series = {}};
  chart.series.push_back({"loss", {{0, 1}, {5, 0.1}, {7, 0}, {10, 0.01}}, ChartSeries::Marks::dots});
  const std::string svg = chart_svg(chart);
  EXPECT_THAT(svg, HasSubstr("d=\"M76.0 84.0L388.0 227.0L700.0 370.0\""));  // without the zero
  for (const char* label : {">10⁻²<", ">10⁻¹<", ">10⁰<"}) EXPECT_THAT(svg, HasSubstr(label));
  EXPECT_THAT(svg, HasSubstr("<circle cx=\"388.0\" cy=\"227.0\""));
}

TEST(ChartTest, DrawsWhereNothingIsAndWhereAllIsZero) {
  for (const auto scale : {Chart::Scale::linear, Chart::Scale::logarithmic}) {
    for (const std::vector<CurvePoint>& points : {std::vector<CurvePoint>{}, std::vector<CurvePoint>{{1, 0}}}) {
      const std::string svg = chart_svg({.title = "empty", .scale = scale, .series = {{"loss", points}}});
      EXPECT_THAT(svg, HasSubstr(scale == Chart::Scale::linear ? ">1<" : ">10⁰<"));
      EXPECT_THAT(svg, HasSubstr("</svg>"));
      EXPECT_THAT(svg, Not(HasSubstr("nan")));
      EXPECT_THAT(svg, Not(HasSubstr("inf")));
    }
  }
}

}  // namespace
}  // namespace posecu
