package org.kat4j.explain.report;

import java.util.List;
import java.util.stream.IntStream;
import org.kat4j.explain.figure.HeatMap;
import org.kat4j.explain.figure.Numbers;
import org.kat4j.explain.page.Content;
import org.kat4j.explain.page.Table;

/** Which class is taken for which. */
final class ConfusionSection {
  private static final int LARGEST_MAP = 120; // classes whose matrix can be drawn

  private ConfusionSection() {}

  /**
   * @param names of the classes
   * @param samples what is counted: images, rows
   */
  static void draw(Content content, Confusion confusion, List<String> names, String samples) {
    if (names.size() <= LARGEST_MAP) {
      double[][] counts = new double[names.size()][names.size()];
      for (int t = 0; t < counts.length; t++) {
        for (int p = 0; p < counts.length; p++) {
          counts[t][p] = confusion.counts()[t][p];
        }
      }
      content.figures(
          HeatMap.of("Confusion matrix", "predicted class", "true class", names, names, counts));
    } else {
      content.note("The matrix of " + names.size() + " classes is too large to draw.");
    }
    content.details("Every class", inner -> inner.table(classes(confusion, names, samples)));
  }

  private static Table classes(Confusion confusion, List<String> names, String samples) {
    var rows =
        IntStream.range(0, names.size())
            .mapToObj(c ->
                List.of(
                    names.get(c),
                    Numbers.brief(confusion.samples(c)),
                    AnswerSections.percent(confusion.recall(c)),
                    AnswerSections.percent(confusion.precision(c)),
                    Numbers.brief(confusion.f1(c), 3)))
            .toList();
    return new Table(List.of("class", samples, "recall", "precision", "F1"), rows);
  }
}
