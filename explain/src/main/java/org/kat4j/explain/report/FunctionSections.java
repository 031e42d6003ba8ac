package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.explain.figure.Axis;
import org.kat4j.explain.figure.BarChart;
import org.kat4j.explain.figure.Chart;
import org.kat4j.explain.figure.Histogram;
import org.kat4j.explain.figure.LineChart;
import org.kat4j.explain.figure.Point;
import org.kat4j.explain.figure.Series;
import org.kat4j.explain.figure.SmallMultiples;
import org.kat4j.explain.page.Content;
import org.kat4j.model.Model;
import org.kat4j.train.InitialModel;

/** What is inside a trained model of any kind: its functions, and what flows into them. */
final class FunctionSections {
  private static final int BINS = 48;
  private static final double LEAST_RANGE = 2;
  private static final int COLUMNS = 4;

  private final Examination examination;
  private final Probe probe;

  FunctionSections(Examination examination, Probe probe) {
    this.examination = examination;
    this.probe = probe;
  }

  /** Learned functions, and how far they and their inputs have moved. */
  void draw(Content content) {
    try (Model initial = InitialModel.rebuild(examination.run().config())) {
      draw(content, initial);
    } catch (UserException gone) {
      content.note("The start cannot be rebuilt: " + gone.getMessage());
    }
  }

  private void draw(Content content, Model initial) {
    List<LearnedFunction> functions = LearnedFunction.of(examination.model(), initial);
    List<KanEdge> edges = KanEdge.strongest(examination.model(), initial, probe, COLUMNS);
    if (functions.isEmpty() && edges.isEmpty()) {
      content.note("This model has neither group rational functions nor KAN layers.");
    }
    if (!functions.isEmpty()) {
      rationals(content, functions, initial);
    }
    if (!edges.isEmpty()) {
      content.text(
          "Functions of the KAN layers, input → output: the strongest of "
              + KanEdge.INPUTS
              + " inputs spread over each layer. One output while one input moves over its usual range and"
              + " the others are 0, without its mean; dashed and grey is what training began with.");
      content.figures(
          new SmallMultiples(
              "Functions of KAN layers",
              COLUMNS,
              edges.stream().map(FunctionSections::edge).toList()));
    }
  }

  private void rationals(Content content, List<LearnedFunction> functions, Model initial) {
    List<String> taps = functions.stream().map(LearnedFunction::inputTap).toList();
    var end = Activations.at(taps, examination.model(), probe);
    var start = Activations.at(taps, initial, probe);
    content.text(
        "One line for each group of channels; dashed and grey is the function that training began with."
            + " Each is drawn over the range of its own inputs, without the outermost half percent.");
    content.figures(
        new SmallMultiples(
            "Learned functions",
            COLUMNS,
            functions.stream().map(f -> function(f, range(end.get(f.inputTap())))).toList()));
    content.heading("Drift");
    content.text(
        "Left: how far the coefficients of each function have moved, relative to their size at the start."
            + " Right: the largest distance between a function and its start over the same range.");
    content.figures(
        bars("Coefficients moved", functions, LearnedFunction::relativeDrift),
        bars(
            "Largest change of a value",
            functions,
            f -> {
              double[] range = range(end.get(f.inputTap()));
              return f.largestChange(range[0], range[1]);
            }));
    content.text(
        "Inputs of each function for "
            + probe.samples()
            + ", through the model as it was initialised and as it is now. The start is rebuilt"
            + " from the run's seed on the CPU.");
    content.figures(
        new SmallMultiples(
            "Inputs of the functions: start blue, now orange",
            COLUMNS,
            functions.stream().map(f -> drift(f, start, end)).toList()));
  }

  private interface Measure {
    double of(LearnedFunction function);
  }

  private static Chart bars(String title, List<LearnedFunction> functions, Measure measure) {
    return BarChart.of(
        title,
        Axis.linear(""),
        functions.stream().map(f -> new BarChart.Bar(f.title(), measure.of(f))).toList());
  }

  private static double[] range(double @Nullable [] sorted) {
    if (sorted == null || sorted.length == 0) {
      return new double[] {-LEAST_RANGE, LEAST_RANGE};
    }
    double from = Math.min(-LEAST_RANGE, Activations.quantile(sorted, .005));
    return new double[] {from, Math.max(LEAST_RANGE, Activations.quantile(sorted, .995))};
  }

  private static Chart function(LearnedFunction function, double[] range) {
    var series = new ArrayList<Series>();
    for (int g = 0; g < function.now().size(); g++) {
      series.add(Series.of("", curve(function.now().get(g)::value, range)));
    }
    series.add(Series.quiet("", curve(function.start().getFirst()::value, range)));
    return LineChart.of(function.title(), Axis.linear(""), Axis.linear(""), series)
        .sized(Chart.Size.PANEL);
  }

  private static Chart edge(KanEdge edge) {
    var series =
        List.of(
            Series.of("", points(edge.x(), edge.now())),
            Series.quiet("", points(edge.x(), edge.start())));
    return LineChart.of(edge.title(), Axis.linear(""), Axis.linear(""), series)
        .sized(Chart.Size.PANEL);
  }

  private static List<Point> points(double[] x, double[] y) {
    return IntStream.range(0, x.length).mapToObj(i -> new Point(x[i], y[i])).toList();
  }

  private static List<Point> curve(DoubleUnaryOperator function, double[] range) {
    return IntStream.rangeClosed(0, LearnedFunction.STEPS)
        .mapToDouble(i -> range[0] + i * (range[1] - range[0]) / LearnedFunction.STEPS)
        .mapToObj(x -> new Point(x, function.applyAsDouble(x)))
        .toList();
  }

  private static Chart drift(
      LearnedFunction function, Map<String, double[]> start, Map<String, double[]> end) {
    double[] before = start.getOrDefault(function.inputTap(), new double[0]);
    double[] after = end.getOrDefault(function.inputTap(), new double[0]);
    double[] wide = range(after);
    double[] other = range(before);
    double from = Math.min(wide[0], other[0]);
    double to = Math.max(wide[1], other[1]);
    return new Histogram(
        function.title(),
        Axis.linear(""),
        List.of(
            Histogram.Distribution.of("", before, from, to, BINS),
            Histogram.Distribution.of("", after, from, to, BINS)),
        Chart.Size.PANEL);
  }
}
