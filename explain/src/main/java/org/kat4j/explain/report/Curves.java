package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.kat4j.explain.figure.Axis;
import org.kat4j.explain.figure.Chart;
import org.kat4j.explain.figure.LineChart;
import org.kat4j.explain.figure.Numbers;
import org.kat4j.explain.figure.Point;
import org.kat4j.explain.figure.Series;
import org.kat4j.train.MetricsLog;
import org.kat4j.train.Schedule;

/** Charts of what was logged after each epoch, a colour for each run. */
public final class Curves {
  private static final int STEPS = 240;
  private static final String LOSS = "loss";

  /** Title and unit of measures that are called otherwise in the log. */
  private static final Map<String, List<String>> SHOWN =
      Map.of(
          LOSS,
          List.of("validation loss", ""),
          "top1",
          List.of("Top-1", "%"),
          "top5",
          List.of("Top-5", "%"));

  private Curves() {}

  /** Loss and accuracy over the epochs. */
  public static List<Chart> learning(List<Run> runs) {
    var losses = new ArrayList<Series>();
    for (int i = 0; i < runs.size(); i++) {
      Run run = runs.get(i);
      String of = runs.size() == 1 ? "" : run.name() + ", ";
      losses.add(series(of + "training", run, MetricsLog.Line::trainLoss).coloured(i).dashed());
      losses.add(series(of + "validation", run, line -> line.score(LOSS)).coloured(i));
    }
    List<Chart> charts = new ArrayList<>();
    charts.add(LineChart.of("Loss", Axis.whole("epoch"), Axis.log("loss"), losses));
    for (String measure : measures(runs)) {
      if (!measure.equals(LOSS)) {
        charts.add(
            each(
                title(measure) + " on the validation data",
                unit(measure),
                runs,
                line -> line.score(measure)));
      }
    }
    return charts;
  }

  /** How a measure is called in the head of a table or a chart. */
  public static String title(String measure) {
    return SHOWN.containsKey(measure) ? SHOWN.get(measure).getFirst() : measure;
  }

  private static String unit(String measure) {
    return SHOWN.containsKey(measure) ? SHOWN.get(measure).getLast() : "";
  }

  /** A score with its unit, a dash where it was not measured. */
  public static String shown(String measure, double score) {
    String unit = unit(measure);
    return Double.isNaN(score) ? "–" : Numbers.brief(score) + (unit.equals("%") ? " %" : "");
  }

  /** What was measured after the epochs. */
  public static SequencedSet<String> measures(List<Run> runs) {
    SequencedSet<String> all = new LinkedHashSet<>();
    for (Run run : runs) {
      run.epochs().forEach(line -> all.addAll(line.scores().keySet()));
    }
    return all;
  }

  /** Training samples a second, and time over the epochs. */
  public static List<Chart> throughput(List<Run> runs) {
    return List.of(
        each("Training samples a second", "samples/s", runs, MetricsLog.Line::samplesPerSecond),
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
            .filter(point -> !Double.isNaN(point.y()))
            .toList());
  }
}
