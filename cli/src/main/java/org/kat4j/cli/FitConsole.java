package org.kat4j.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import org.kat4j.explain.fit.FitMonitor;
import org.kat4j.explain.fit.FitResult;
import org.kat4j.explain.fit.FitSummary;
import org.kat4j.explain.fit.NetworkFit;
import org.kat4j.explain.search.Found;

/**
 * A line for every stage of a fit, and on a terminal the step at hand with the stage's time left.
 */
final class FitConsole implements FitMonitor {
  private final PrintStream out;
  private final boolean terminal = System.console() != null && System.console().isTerminal();
  private String stage = "";
  private long start;

  FitConsole(PrintStream out) {
    this.out = out;
  }

  @Override
  public void progress(String name, int step, int steps, double error) {
    if (!name.equals(stage) || step == 1) {
      stage = name;
      start = System.nanoTime();
    }
    if (terminal) {
      double left = (System.nanoTime() - start) / 1e9 / Math.max(1, step - 1) * (steps - step);
      out.printf(
          Locale.ROOT,
          "\r%-10s step %d/%d  error %.2e  %s left   ",
          name,
          step,
          steps,
          error,
          ConsoleMonitor.duration(left));
      out.flush();
    }
  }

  @Override
  public void stage(NetworkFit.Stage done) {
    out.printf(
        Locale.ROOT,
        "%s%-10s %5d parameters  train %.2e  validation %.2e  test %.2e  %.1f s%n",
        terminal ? "\r" : "",
        done.name(),
        done.parameters(),
        done.trainError(),
        done.validationError(),
        done.testError(),
        done.seconds());
  }

  /** What was found: a short list of formulas, and the one that is meant. */
  void result(FitResult result) {
    if (result.network().isPresent() && result.formula().isEmpty() && result.formulas().isEmpty()) {
      if (!result.namedEdges().isEmpty()) {
        out.println("no formula found that is defined in all of the ranges");
      }
      return;
    }
    out.println();
    out.println("complexity  error     formula");
    for (Found one : result.formulas()) {
      out.printf(
          Locale.ROOT,
          "%10d  %.2e  %s%n",
          one.complexity(),
          one.validationError(),
          one.formula().shortText());
    }
    result.formula().ifPresent(found -> chosen(result, found));
  }

  private void chosen(FitResult result, Found found) {
    out.println();
    if (!result.simple()) {
      out.println("no simple formula found; the nearest, which is not good:");
    }
    out.println(result.data().target() + " = " + found.formula().shortText());
    for (FitSummary.Symbol symbol : FitSummary.legend(result)) {
      out.println("  " + symbol.symbol() + " is the column " + symbol.column());
    }
    List<String> idle = result.idle(found);
    if (!idle.isEmpty()) {
      out.println("  not in the formula: " + String.join(", ", idle));
    }
    out.println("LaTeX: " + found.formula().latex());
    FitResult.Score score = result.score(found);
    out.printf(
        Locale.ROOT, "test error of the formula %.2e  R^2 %.6f%n", score.error(), score.rSquared());
  }
}
