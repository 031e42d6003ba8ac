package org.kat4j.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.kat4j.error.OneLine;
import org.kat4j.task.Evaluation;
import org.kat4j.train.Trainer;

/** Results as aligned text. */
final class ResultTable {
  private ResultTable() {}

  static String of(Trainer.Result result, Path run) {
    var text = new StringBuilder("\n");
    row(text, "top-1", String.format(Locale.ROOT, "%.2f %%", result.shown().top1()));
    row(text, "top-5", String.format(Locale.ROOT, "%.2f %%", result.shown().top5()));
    row(text, "loss", String.format(Locale.ROOT, "%.4f", result.shown().loss()));
    if (result.test() == null) {
      row(text, "measured on", "validation images: the run was stopped before the test");
    }
    row(text, "parameters", String.format(Locale.ROOT, "%,d", result.parameters()));
    row(text, "time", ConsoleMonitor.duration(result.seconds()));
    row(text, "run folder", run.toString());
    return text.toString();
  }

  static String of(Evaluation evaluation, List<String> classNames) {
    var text = new StringBuilder();
    row(text, "top-1", String.format(Locale.ROOT, "%.2f %%", evaluation.top1()));
    row(text, "balanced", String.format(Locale.ROOT, "%.2f %%", evaluation.balancedTop1()));
    row(text, "top-5", String.format(Locale.ROOT, "%.2f %%", evaluation.top5()));
    row(text, "loss", String.format(Locale.ROOT, "%.4f", evaluation.loss()));
    return text.append('\n').append(confusion(evaluation, classNames)).toString();
  }

  private static void row(StringBuilder text, String name, String value) {
    text.append(String.format("%-12s %s%n", name, value));
  }

  /** Rows: true classes; columns: predicted ones; then each class's share that was recognised. */
  private static String confusion(Evaluation evaluation, List<String> names) {
    List<String> classNames = names.stream().map(OneLine::of).toList();
    int classes = classNames.size();
    int nameWidth = classNames.stream().mapToInt(String::length).max().orElse(1);
    var text = new StringBuilder("confusion matrix (rows: true class, columns: predicted class)\n");
    text.append(" ".repeat(nameWidth + 4));
    for (int c = 0; c < classes; c++) {
      text.append(String.format("%6d", c));
    }
    text.append("  right\n");
    double[] shares = evaluation.perClass();
    for (int c = 0; c < classes; c++) {
      text.append(String.format("%3d %-" + nameWidth + "s", c, classNames.get(c)));
      for (long count : evaluation.confusion()[c]) {
        text.append(String.format("%6s", count == 0 ? "." : Long.toString(count)));
      }
      text.append(String.format(Locale.ROOT, "  %5.1f %%%n", shares[c]));
    }
    return text.toString();
  }
}
