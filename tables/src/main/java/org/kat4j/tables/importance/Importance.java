package org.kat4j.tables.importance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.kat4j.error.UserException;
import org.kat4j.tables.Parts;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Scaling;
import org.kat4j.tables.Task;
import org.kat4j.tables.model.Fitted;

/**
 * Scores of all features by several selectors, over the folds of several seeds.
 *
 * <p>In every fold a selector sees the training part, scaled by itself; the KAN's scores and the
 * forest's losses are taken on the held-out part.
 *
 * @param features names
 * @param scores of each selector, {@code [folds of all seeds][features]}, each of sum 1
 */
public record Importance(List<String> features, SequencedMap<Selector, List<double[]>> scores) {
  /** The share of features that stability is measured with. */
  public static final double TOP = 0.4;

  private static final long MANY_PARAMETERS = 1_000_000;
  private static final long MOST_PARAMETERS = 30_000_000; // with gradients and averages, 480 MB

  /** Hears how far it is. */
  @FunctionalInterface
  public interface Progress {
    void done(int folds, int all);
  }

  /**
   * What there is to say about a problem before its features are scored, one line each.
   *
   * @throws UserException if the KAN would be larger than it can be trained
   */
  public static List<String> reservations(
      Problem problem, List<Selector> selectors, KanSettings kan, int folds) {
    List<String> said = new ArrayList<>();
    if (selectors.stream().anyMatch(KanScore.class::isInstance)) {
      long numbers = kan.parameters(problem);
      if (numbers > MOST_PARAMETERS) {
        throw new UserException(
            "%,d features make a KAN of %,d numbers, more than %,d: leave columns out (--drop), or take classical selectors (--selector lasso,random-forest,mutual-information,svm-rfe)"
                .formatted(problem.features().size(), numbers, MOST_PARAMETERS));
      }
      if (numbers > MANY_PARAMETERS) {
        said.add(
            "the KAN of each fold has %,d numbers: that takes a while; classical selectors do without it"
                .formatted(numbers));
      }
    }
    if (selectors.contains(ClassicalScore.MUTUAL_INFORMATION)
        && problem.task() == Task.CLASSIFICATION) {
      int least = MutualInformation.NEIGHBOURS + 1;
      List<String> small = new ArrayList<>();
      for (int k = 0; k < problem.classes().size(); k++) {
        double label = k;
        long rows = Arrays.stream(problem.y()).filter(y -> y == label).count();
        if (rows - Math.ceilDiv(rows, folds) < least) { // without those of a fold
          small.add("'%s'".formatted(problem.classes().get(k)));
        }
      }
      if (!small.isEmpty()) {
        said.add(
            "mutual-information looks at %d neighbours of a class, and these have too few rows to say much: %s"
                .formatted(
                    MutualInformation.NEIGHBOURS,
                    String.join(", ", small.subList(0, Math.min(8, small.size())))
                        + (small.size() > 8 ? " and %d more".formatted(small.size() - 8) : "")));
      }
    }
    return said;
  }

  /**
   * Scores over all folds.
   *
   * @throws UserException if a fold would have less than two rows
   */
  public static Importance of(
      Problem problem,
      List<Selector> selectors,
      KanSettings kan,
      int folds,
      int seeds,
      Progress progress) {
    if (problem.rows() < 2 * folds) {
      throw new UserException(
          "%d rows are too few for %d folds of at least two: %s"
              .formatted(
                  problem.rows(),
                  folds,
                  problem.rows() < 4
                      ? "there is nothing to learn from them"
                      : "at most --folds " + problem.rows() / 2));
    }
    SequencedMap<Selector, List<double[]>> scores = new LinkedHashMap<>();
    for (int seed = 0; seed < seeds; seed++) {
      Parts parts = Parts.folds(problem, folds, seed);
      for (int fold = 0; fold < folds; fold++) {
        Problem train = problem.rows(parts.except(fold));
        Problem held = problem.rows(parts.of(fold));
        long key = 1000L * seed + fold;
        ofRows(train, held, selectors, kan, key)
            .forEach((selector, each) ->
                scores.computeIfAbsent(selector, _ -> new ArrayList<>()).add(each));
        progress.done(seed * folds + fold + 1, seeds * folds);
      }
    }
    return new Importance(problem.features(), scores);
  }

  /**
   * Scores from one training and one held-out part, neither scaled yet.
   *
   * <p>One KAN serves all selectors that need one.
   */
  public static SequencedMap<Selector, double[]> ofRows(
      Problem train, Problem held, List<Selector> selectors, KanSettings kan, long seed) {
    Scaling scaling = Scaling.fit(Scaling.Kind.STANDARD, train.x());
    Problem scaledTrain = scaling.apply(train);
    Problem scaledHeld = scaling.apply(held);
    SequencedMap<Selector, double[]> scores = new LinkedHashMap<>();
    if (selectors.stream().anyMatch(KanScore.class::isInstance)) {
      try (Fitted fitted = kan.fit(scaledTrain, seed)) {
        for (Selector selector : selectors) {
          if (selector instanceof KanScore score) {
            scores.put(selector, score.scores(fitted, scaledHeld));
          }
        }
      }
    }
    for (Selector selector : selectors) {
      if (selector instanceof ClassicalScore score) {
        scores.put(selector, score.scores(scaledTrain, scaledHeld, seed));
      }
    }
    return scores;
  }

  /** Mean scores of a selector. */
  public double[] mean(Selector selector) {
    double[] mean = new double[features.size()];
    List<double[]> all = of(selector);
    for (double[] one : all) {
      for (int j = 0; j < mean.length; j++) {
        mean[j] += one[j] / all.size();
      }
    }
    return mean;
  }

  /** Mean Jaccard overlap of the top 40 % of every two folds: 1 is the same features each time. */
  public double stability(Selector selector) {
    int count = Selector.retained(TOP, features.size());
    List<int[]> tops =
        of(selector).stream().map(s -> Arrays.copyOf(Selector.ranking(s), count)).toList();
    double sum = 0;
    int pairs = 0;
    for (int a = 0; a < tops.size(); a++) {
      for (int b = 0; b < a; b++) {
        sum += Selector.jaccard(tops.get(a), tops.get(b));
        pairs++;
      }
    }
    return pairs == 0 ? Double.NaN : sum / pairs;
  }

  private List<double[]> of(Selector selector) {
    List<double[]> all = scores.get(selector);
    if (all == null) {
      throw new IllegalArgumentException(selector.title() + " was not asked for");
    }
    return all;
  }
}
