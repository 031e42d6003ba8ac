package org.kat4j.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.kat4j.explain.fit.FitData;
import org.kat4j.explain.fit.FitMonitor;
import org.kat4j.explain.fit.FitSettings;
import org.kat4j.explain.fit.FitSuite;
import org.kat4j.explain.fit.FunctionFit;
import org.kat4j.explain.fit.NetworkFit;
import org.kat4j.explain.fit.ShapeSearch;

/**
 * Networks for the functions of a suite, with the paper's figures beside ours.
 *
 * @param settings of every fit but for its shape
 * @param auto whether shapes are searched for
 * @param hidden widths of the hidden layers; none: each function's own
 * @param rows to train on
 */
record FitSuiteRun(FitSettings settings, boolean auto, List<Integer> hidden, int rows) {
  /** A line a function; ends where its thread is interrupted. */
  void run(String suite, PrintStream out) {
    List<FitSuite.Row> functions = FitSuite.named(suite);
    out.println(
        "function | ranges | hidden | grid | parameters | validation | test error | paper's KAN |"
            + " paper's MLP | s");
    for (FitSuite.Row function : functions) {
      long start = System.nanoTime();
      ShapeSearch.Candidate found = fitted(function, out);
      if (Thread.currentThread().isInterrupted()) {
        out.println("interrupted; the function at hand is left out");
        return;
      }
      NetworkFit.Stage best = found.fit().best();
      out.printf(
          Locale.ROOT,
          "%s | %s | %s | %d | %d | %.2e | %.2e | %s | %s | %.0f%n",
          function.name(),
          ranges(function),
          ShapeConsole.text(found.hidden()),
          found.fit().gridSize(),
          best.parameters(),
          best.validationError(),
          best.testError(),
          published(function.paperKan()),
          published(function.paperMlp()),
          (System.nanoTime() - start) / 1e9);
    }
  }

  private ShapeSearch.Candidate fitted(FitSuite.Row function, PrintStream out) {
    long seed = settings.seed();
    if (auto) {
      FitData data = function.dataToChooseBy(rows, seed);
      return FitCommand.searched(data, settings, new ShapeConsole(out, false));
    }
    List<Integer> shape = hidden.isEmpty() ? function.hidden() : hidden;
    FitSettings own = settings.withHidden(shape);
    return new ShapeSearch.Candidate(
        shape, FunctionFit.network(function.data(rows, seed), own, FitMonitor.SILENT));
  }

  private static String published(double error) {
    return Double.isNaN(error) ? "-" : String.format(Locale.ROOT, "%.2e", error);
  }

  /** A range a variable, or one where all have the same. */
  private static String ranges(FitSuite.Row function) {
    List<FitData.Range> different = function.ranges().stream().distinct().toList();
    return (different.size() == 1 ? different : function.ranges())
        .stream()
            .map(r -> String.format(Locale.ROOT, "%.3g to %.3g", r.low(), r.high()))
            .collect(Collectors.joining(", "));
  }
}
