package org.kat4j.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.kat4j.error.OneLine;
import org.kat4j.task.Measure;
import org.kat4j.task.Scores;
import org.kat4j.task.image.Evaluation;
import org.kat4j.train.Trainer;

/** Results as aligned text. */
final class ResultTable {
  private ResultTable() {}

  static String of(Trainer.Result result, Path run) {
    var text = new StringBuilder("\n");
    result
        .shown()
        .values()
        .forEach((measure, score) -> row(text, title(measure), shown(measure, score)));
    if (result.test() == null) {
      row(text, "measured on", "validation data: the run was stopped before the test");
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

  /** Scores as aligned text. */
  static String of(Scores scores) {
    var text = new StringBuilder();
    scores.values().forEach((measure, score) -> row(text, title(measure), shown(measure, score)));
    return text.toString();
  }

  /** Scores on one line, as after an epoch. */
  static String line(Scores scores) {
    return scores.values().entrySet().stream()
        .map(score ->
            (score.getKey().name().equals("loss") ? "validation " : "")
                + title(score.getKey())
                + " "
                + shown(score.getKey(), score.getValue()))
        .collect(Collectors.joining("  "));
  }

  private static String title(Measure measure) {
    return switch (measure.name()) {
      case "top1" -> "top-1";
      case "top5" -> "top-5";
      default -> measure.name();
    };
  }

  private static String shown(Measure measure, double score) {
    return measure.unit().equals("%")
        ? String.format(Locale.ROOT, "%.2f %%", score)
        : String.format(Locale.ROOT, "%.4f", score);
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
