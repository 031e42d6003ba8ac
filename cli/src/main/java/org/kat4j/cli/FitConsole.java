package org.kat4j.cli;

import java.io.PrintStream;
import java.util.Locale;
import org.kat4j.explain.fit.FitMonitor;
import org.kat4j.explain.fit.FitResult;

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
  public void stage(FitResult.Stage done) {
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
}
