package org.kat4j.tables.importance;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.kat4j.error.NearestName;

/** A score for every feature; larger is more important. Source: arXiv 2509.23366, sheet 10. */
public sealed interface Selector permits KanScore, ClassicalScore {
  /** As on the command line, {@code kan-l1}. */
  default String title() {
    return toString().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** All of them, those by a KAN first. */
  static List<Selector> all() {
    return Stream.<Selector>concat(
            Arrays.stream(KanScore.values()), Arrays.stream(ClassicalScore.values()))
        .toList();
  }

  /** The selector of this name. */
  static Selector named(String title) {
    return all().stream()
        .filter(selector -> selector.title().equals(title))
        .findFirst()
        .orElseThrow(() ->
            NearestName.unknown("selector", title, all().stream().map(Selector::title).toList()));
  }

  /** The scores divided by their sum; zeros stay zeros. */
  static double[] normalised(double[] scores) {
    double sum = Arrays.stream(scores).sum();
    return sum > 0 ? Arrays.stream(scores).map(score -> score / sum).toArray() : scores.clone();
  }

  /** The places of the features from the highest score on; of equals the first. */
  static int[] ranking(double[] scores) {
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted((a, b) -> Double.compare(scores[b], scores[a]))
        .mapToInt(i -> i)
        .toArray();
  }

  /** ceil(share * features), at least 1. */
  static int retained(double share, int features) {
    return Math.max(1, (int) Math.ceil(share * features - 1e-9));
  }

  /** What two sets of the same size have in common, by all that are in one of them. */
  static double jaccard(int[] a, int[] b) {
    long common = Arrays.stream(a).filter(i -> Arrays.stream(b).anyMatch(j -> i == j)).count();
    return (double) common / (a.length + b.length - common);
  }
}
