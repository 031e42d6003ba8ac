package org.kat4j.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.kat4j.explain.fit.FitMonitor;
import org.kat4j.explain.fit.NetworkFit;
import org.kat4j.explain.fit.ShapeSearch;

/** A line for every shape of a search, and on a terminal the step at hand with the time left. */
final class ShapeConsole implements ShapeSearch.Monitor {
  private final PrintStream out;
  private final boolean lines;
  private final boolean terminal = System.console() != null && System.console().isTerminal();
  private final long start = System.nanoTime();

  /**
   * @param lines whether to print a line a shape; without, only what a terminal shows meanwhile
   */
  ShapeConsole(PrintStream out, boolean lines) {
    this.out = out;
    this.lines = lines;
  }

  /** 5,3. */
  static String text(List<Integer> hidden) {
    return hidden.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  @Override
  public FitMonitor shape(List<Integer> hidden, double share) {
    double seconds = (System.nanoTime() - start) / 1e9;
    String left = share > 0 ? ConsoleMonitor.duration(seconds / share * (1 - share)) + " left" : "";
    return new FitMonitor() {
      @Override
      public void progress(String stage, int step, int steps, double error) {
        if (terminal) {
          String line =
              "shape %s  %s step %d/%d  error %.2e  %s"
                  .formatted(text(hidden), stage, step, steps, error, left);
          rewrite(line);
        }
      }

      @Override
      public void stage(NetworkFit.Stage done) {}
    };
  }

  @Override
  public void done(ShapeSearch.Candidate candidate) {
    rewrite("");
    if (lines) {
      NetworkFit fit = candidate.fit();
      out.printf(
          Locale.ROOT,
          "hidden %-8s grid %3d  %5d parameters  train %.2e  validation %.2e  %.1f s%n",
          text(candidate.hidden()),
          fit.gridSize(),
          fit.best().parameters(),
          fit.best().trainError(),
          fit.best().validationError(),
          fit.stages().getLast().seconds());
    }
  }

  private void rewrite(String line) {
    if (terminal) {
      out.printf("\r%-78s%s", line, line.isEmpty() ? "\r" : "");
      out.flush();
    }
  }
}
