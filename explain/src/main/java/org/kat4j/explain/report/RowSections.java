package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.RowBatch;
import org.kat4j.explain.figure.Axis;
import org.kat4j.explain.figure.Chart;
import org.kat4j.explain.figure.Histogram;
import org.kat4j.explain.figure.Numbers;
import org.kat4j.explain.figure.Point;
import org.kat4j.explain.figure.ScatterPlot;
import org.kat4j.explain.figure.Series;
import org.kat4j.explain.page.Content;
import org.kat4j.model.ClassNames;
import org.kat4j.model.RowModel;
import org.kat4j.task.row.RowTask;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** What a model says of rows beside what is true of them. */
final class RowSections {
  private static final int ROWS_AT_ONCE = 4096;
  private static final int MOST_POINTS = 1000; // of a plot
  private static final int MOST_PLOTS = 4;
  private static final int BINS = 48;

  private final RowModel model;
  private final RowTask task;

  RowSections(RowExamination examination) {
    model = examination.model();
    task = examination.task();
  }

  void confusion(Content content) {
    int classes = task.data().outputs();
    RowBatch rows = task.judgedBy();
    double[] logits = answers(rows.x());
    long[] labels = Memory.longs(rows.y());
    long[][] counts = new long[classes][classes];
    for (int i = 0; i < labels.length; i++) {
      int best = 0;
      for (int c = 1; c < classes; c++) {
        best = logits[i * classes + c] > logits[i * classes + best] ? c : best;
      }
      counts[(int) labels[i]][best]++;
    }
    ConfusionSection.draw(content, new Confusion(counts), classNames(), "rows");
  }

  /** As the task knows them, else numbers. */
  private List<String> classNames() {
    String known = task.data().meaning().get("classes");
    return known == null
        ? IntStream.range(0, task.data().outputs()).mapToObj(Integer::toString).toList()
        : ClassNames.fromText(known);
  }

  void predictedAgainstTrue(Content content) {
    int outputs = task.data().outputs();
    RowBatch rows = task.judgedBy();
    double[] predicted = answers(rows.x());
    double[] truth = Memory.doubles(rows.y());
    content.text(
        "Each dot is a row; on the grey line the model is right. Beside it: predicted less true.");
    List<Chart> charts = new ArrayList<>();
    for (int o = 0; o < Math.min(outputs, MOST_PLOTS); o++) {
      String name = outputs == 1 ? "" : " of number " + o;
      charts.add(plot("Predicted and true value" + name, column(truth, o), column(predicted, o)));
      charts.add(errors("Errors" + name, column(truth, o), column(predicted, o)));
    }
    content.figures(charts);
    if (outputs > MOST_PLOTS) {
      content.note("The first %d of %d numbers.".formatted(MOST_PLOTS, outputs));
    }
  }

  private double[] column(double[] all, int output) {
    int outputs = task.data().outputs();
    return IntStream.range(0, all.length / outputs)
        .mapToDouble(i -> all[i * outputs + output])
        .toArray();
  }

  private static Chart plot(String title, double[] truth, double[] predicted) {
    int step = Math.max(1, Math.ceilDiv(truth.length, MOST_POINTS));
    List<Point> points =
        IntStream.iterate(0, i -> i < truth.length, i -> i + step)
            .mapToObj(i -> new Point(truth[i], predicted[i]))
            .toList();
    double from = Math.min(least(truth), least(predicted));
    double to = Math.max(most(truth), most(predicted));
    List<Point> diagonal = List.of(new Point(from, from), new Point(to, to));
    return ScatterPlot.of(
        title + ", R² " + Numbers.brief(determination(truth, predicted), 3),
        Axis.linear("true"),
        Axis.linear("predicted"),
        List.of(Series.quiet("predicted = true", diagonal), Series.of("rows", points).coloured(0)));
  }

  private static Chart errors(String title, double[] truth, double[] predicted) {
    double[] errors =
        IntStream.range(0, truth.length).mapToDouble(i -> predicted[i] - truth[i]).toArray();
    double most = Math.max(Math.abs(least(errors)), Math.abs(most(errors)));
    double end = most > 0 ? most : 1;
    return Histogram.of(
        title,
        Axis.linear("predicted less true"),
        List.of(Histogram.Distribution.of("", errors, -end, end, BINS)));
  }

  /** Share of the variance that is explained. */
  static double determination(double[] truth, double[] predicted) {
    double mean = IntStream.range(0, truth.length).mapToDouble(i -> truth[i]).average().orElse(0);
    double left = 0;
    double all = 0;
    for (int i = 0; i < truth.length; i++) {
      left += (truth[i] - predicted[i]) * (truth[i] - predicted[i]);
      all += (truth[i] - mean) * (truth[i] - mean);
    }
    return all == 0 ? Double.NaN : 1 - left / all;
  }

  private static double least(double[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).min().orElse(0);
  }

  private static double most(double[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).max().orElse(0);
  }

  /** What the model says of all rows, {@code [rows * outputs]}. */
  private double[] answers(Tensor rows) {
    Tensor any = StateDict.of(model).firstEntry().getValue();
    int outputs = task.data().outputs();
    int count = (int) rows.size(0);
    double[] all = new double[count * outputs];
    for (int from = 0; from < count; from += ROWS_AT_ONCE) {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        Tensor some = rows.narrow(0, from, Math.min(ROWS_AT_ONCE, count - from));
        Tensor there = Memory.to(some, Device.of(any)).to(any.scalar_type());
        double[] part = Memory.doubles(model.forward(there, Pass.evaluation()));
        System.arraycopy(part, 0, all, from * outputs, part.length);
      }
    }
    return all;
  }
}
