package org.kat4j.lab.page;

import java.util.ArrayList;
import java.util.List;
import org.kat4j.explain.figure.Axis;
import org.kat4j.explain.figure.BarChart;
import org.kat4j.explain.figure.Chart;
import org.kat4j.explain.figure.LineChart;
import org.kat4j.explain.figure.Point;
import org.kat4j.explain.figure.ScatterPlot;
import org.kat4j.explain.figure.Series;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Result;
import org.kat4j.lab.Result.ArmResult;
import org.kat4j.lab.Result.Finding;
import org.kat4j.lab.Result.StudyResult;
import org.kat4j.task.Measure;

/** The pictures of a result. */
final class Charts {
  private Charts() {}

  /** Advantages with their intervals; one chart for differences and one for ratios. */
  static List<Chart> advantages(Result result) {
    List<Chart> charts = new ArrayList<>();
    for (boolean ratio : new boolean[] {true, false}) {
      List<BarChart.Bar> bars =
          result.findings().stream()
              .filter(f -> f.measure().ratio() == ratio && f.sample().n() > 1)
              .map(Charts::bar)
              .toList();
      if (!bars.isEmpty()) {
        Axis axis =
            ratio ? Axis.log("times as good; 1 is even") : Axis.linear("better by; 0 is even");
        charts.add(BarChart.dots("Advantage of the arm that is said to win", axis, bars));
      }
    }
    return charts;
  }

  private static BarChart.Bar bar(Finding f) {
    Measure m = f.measure();
    return BarChart.Bar.between(
            f.comparison().question(),
            Wording.shown(m, f.interval().low()),
            Wording.shown(m, f.sample().mean()),
            Wording.shown(m, f.interval().high()))
        .coloured(
            switch (f.verdict()) {
              case SUPPORTED -> 0;
              case REFUTED -> 1;
              case UNDECIDED -> 2;
            });
  }

  /** The score of every seed. */
  static Chart seeds(StudyResult study) {
    List<Series> series = new ArrayList<>();
    for (ArmResult arm : study.arms()) {
      List<Point> points = new ArrayList<>();
      for (int s = 0; s < arm.scores().size(); s++) {
        points.add(new Point(s + 1, arm.scores().get(s)));
      }
      series.add(Series.of(arm.name(), points));
    }
    int seeds = study.arms().stream().mapToInt(a -> a.scores().size()).max().orElse(1);
    return ScatterPlot.of(
        study.name() + ": every seed",
        Axis.whole("seed").over(0.5, seeds + 0.5),
        axis(study.measure(), "test"),
        series);
  }

  /** Validation score on the way, mean of the seeds and their range. */
  static Chart curves(StudyResult study) {
    List<Series> series = new ArrayList<>();
    for (ArmResult arm : study.arms()) {
      series.add(Series.of(arm.name(), meanCurve(arm)));
    }
    return LineChart.of(
        study.name() + ": on the way",
        Axis.linear("step"),
        axis(study.measure(), "validation"),
        series);
  }

  static boolean hasCurves(StudyResult study) {
    return study.arms().stream().anyMatch(arm -> arm.curves().stream().anyMatch(c -> c.size() > 1));
  }

  private static List<Point> meanCurve(ArmResult arm) {
    List<Point> points = new ArrayList<>();
    int length = arm.curves().stream().mapToInt(List::size).min().orElse(0);
    for (int i = 0; i < length; i++) {
      int at = i;
      var here =
          arm.curves().stream()
              .map(curve -> curve.get(at))
              .mapToDouble(Measured.Point::validation)
              .summaryStatistics();
      long step = arm.curves().getFirst().get(i).step();
      points.add(Point.between(step, here.getMin(), here.getAverage(), here.getMax()));
    }
    return points;
  }

  private static Axis axis(Measure measure, String of) {
    String label =
        of + " " + measure.name() + (measure.unit().isEmpty() ? "" : ", " + measure.unit());
    return measure.ratio() ? Axis.log(label) : Axis.linear(label);
  }
}
