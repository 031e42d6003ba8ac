package org.kat4j.cli;

import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;
import org.kat4j.train.Monitor;

/**
 * Shows a training run: a line that is rewritten on a terminal, a plain line now and then
 * elsewhere.
 */
final class ConsoleMonitor implements Monitor {
  private static final double SECONDS_BETWEEN_PLAIN_LINES = 10;

  private final PrintStream out;
  private final String unit;
  private final boolean terminal;
  private long lastPlainNanos = System.nanoTime();
  private int shownWidth;

  ConsoleMonitor(PrintStream out, String unit) {
    this.out = out;
    this.unit = unit;
    Console console = System.console();
    terminal = console != null && console.isTerminal();
  }

  @Override
  public void progress(Progress p) {
    String line =
        String.format(
            Locale.ROOT,
            "epoch %d/%d  step %d/%d  loss %.4f  %s %s/s  %s left",
            p.epoch(),
            p.epochs(),
            p.batch(),
            p.batches(),
            p.loss(),
            rate(p.samplesPerSecond()),
            unit,
            duration(p.secondsLeft()));
    if (terminal) {
      rewrite(line);
    } else if ((System.nanoTime() - lastPlainNanos) / 1e9 > SECONDS_BETWEEN_PLAIN_LINES) {
      lastPlainNanos = System.nanoTime();
      out.println(line);
    }
  }

  @Override
  public void epoch(EpochResult r) {
    if (terminal) {
      rewrite("");
      out.print('\r');
    }
    out.printf(
        Locale.ROOT,
        "epoch %3d  train loss %.4f  %s  lr %.1e  %s %s/s  %s%s%n",
        r.epoch(),
        r.trainLoss(),
        ResultTable.line(r.scores()),
        r.lr(),
        rate(r.samplesPerSecond()),
        unit,
        duration(r.seconds()),
        r.best() ? "  best" : "");
    lastPlainNanos = System.nanoTime();
  }

  private static String rate(double samplesPerSecond) {
    return String.format(Locale.ROOT, samplesPerSecond < 10 ? "%.1f" : "%.0f", samplesPerSecond);
  }

  private void rewrite(String line) {
    out.print('\r' + line + " ".repeat(Math.max(0, shownWidth - line.length())));
    out.flush();
    shownWidth = line.length();
  }

  /** 75 s is 1:15. */
  static String duration(double seconds) {
    long s = Math.round(seconds);
    return s < 3600
        ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
        : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  }
}
