package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.kat4j.explain.figure.Axis;
import org.kat4j.explain.figure.Chart;
import org.kat4j.explain.figure.LineChart;
import org.kat4j.explain.figure.Point;
import org.kat4j.explain.figure.Series;
import org.kat4j.train.MetricsLog;
import org.kat4j.train.Schedule;

/** Charts of what was logged after each epoch, a colour for each run. */
public final class Curves {
  private static final int STEPS = 240;

  private Curves() {}

  /** Loss and accuracy over the epochs. */
  public static List<Chart> learning(List<Run> runs) {
    var losses = new ArrayList<Series>();
    for (int i = 0; i < runs.size(); i++) {
      Run run = runs.get(i);
      String of = runs.size() == 1 ? "" : run.name() + ", ";
      losses.add(series(of + "training", run, MetricsLog.Line::trainLoss).coloured(i).dashed());
      losses.add(series(of + "validation", run, MetricsLog.Line::loss).coloured(i));
    }
    return List.of(
        LineChart.of("Loss", Axis.whole("epoch"), Axis.log("cross entropy, nats"), losses),
        each("Top-1 on the validation images", "%", runs, MetricsLog.Line::top1),
        each("Top-5 on the validation images", "%", runs, MetricsLog.Line::top5));
  }

  /** Training images a second, and time over the epochs. */
  public static List<Chart> throughput(List<Run> runs) {
    return List.of(
        each("Training images a second", "images/s", runs, MetricsLog.Line::imagesPerSecond),
        each("Time, training and evaluation", "seconds", runs, MetricsLog.Line::seconds));
  }

  /** The learning rate as planned, and as it was after each epoch. */
  public static List<Chart> schedule(List<Run> runs) {
    var rates = new ArrayList<Series>();
    for (int i = 0; i < runs.size(); i++) {
      Run run = runs.get(i);
      String of = runs.size() == 1 ? "" : run.name() + ", ";
      if (!run.epochs().isEmpty()) {
        rates.add(new Series(of + "planned", planned(run), i, Series.Stroke.DASHED));
      }
      rates.add(series(of + "at the end of each epoch", run, MetricsLog.Line::lr).coloured(i));
    }
    return List.of(LineChart.of("Learning rate", Axis.whole("epoch"), Axis.linear(""), rates));
  }

  private static List<Point> planned(Run run) {
    MetricsLog.Line first = run.epochs().getFirst();
    long updatesPerEpoch = Math.max(1, first.updates() / first.epoch());
    Schedule schedule = run.config().schedule();
    double lr = run.config().optimizer().lr();
    long last = updatesPerEpoch * schedule.totalEpochs() - 1;
    return IntStream.rangeClosed(0, STEPS)
        .mapToLong(step -> last * step / STEPS)
        .distinct()
        .mapToObj(update ->
            new Point(
                (update + 1.0) / updatesPerEpoch, schedule.planned(lr, update, updatesPerEpoch)))
        .toList();
  }

  private static Chart each(
      String title, String unit, List<Run> runs, ToDoubleFunction<MetricsLog.Line> of) {
    var series = new ArrayList<Series>();
    for (int i = 0; i < runs.size(); i++) {
      series.add(series(runs.get(i).name(), runs.get(i), of).coloured(i));
    }
    return LineChart.of(title, Axis.whole("epoch"), Axis.linear(unit), series);
  }

  private static Series series(String name, Run run, ToDoubleFunction<MetricsLog.Line> of) {
    return Series.of(
        name,
        run.epochs().stream()
            .map(line -> new Point(line.epoch(), of.applyAsDouble(line)))
            .toList());
  }
}
