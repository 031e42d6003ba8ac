package org.kat4j.explain.search;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.kat4j.explain.symbolic.Complexity;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.explain.symbolic.Samples;

/** Which of some formulas are worth a reader's time, and which one is meant. */
public final class Choice {
  /** Errors below this part of the targets' deviation are equal. */
  private static final double EXACT = 1e-9;

  private static final double STANDARD_ERRORS = 2;

  /** A squared error that is larger by this part only is not larger. */
  private static final double HARMLESS = 1e-2;

  private Choice() {}

  /** Those of which none that is as short is better, short ones first (the Pareto front). */
  public static List<Found> front(List<Found> found) {
    List<Found> front = new ArrayList<>();
    double least = Double.POSITIVE_INFINITY;
    for (Found one :
        found.stream()
            .sorted(
                Comparator.comparingInt(Found::complexity)
                    .thenComparingDouble(Found::validationError))
            .toList()) {
      if (one.validationError() < least) {
        front.add(one);
        least = one.validationError();
      }
    }
    return front;
  }

  /**
   * The shortest one that is not clearly worse than the best: whose squared errors on the
   * validation samples are larger by no more than two standard errors of their difference or a
   * hundredth, or on the training samples by no more than further constants take away by chance
   * (the Bayesian information criterion).
   */
  public static Optional<Found> of(List<Found> found, Task task) {
    List<Found> front = front(found);
    if (front.isEmpty()) {
      return Optional.empty();
    }
    Found best = front.getLast();
    double[] least = squares(best, task.validation());
    return front.stream()
        .filter(one ->
            one.validationError() <= EXACT * task.deviation()
                || alike(squares(one, task.validation()), least)
                || byChance(one, best, task.train().rows()))
        .findFirst();
  }

  private static boolean byChance(Found one, Found best, int rows) {
    int more =
        Complexity.ofConstants(best.formula().expression())
            - Complexity.ofConstants(one.formula().expression());
    double gain = 2 * rows * Math.log(one.trainError() / best.trainError());
    return gain <= Math.max(1, more) * Math.log(rows); // not where both are 0
  }

  private static boolean alike(double[] some, double[] best) {
    int rows = some.length;
    double sum = 0;
    double squares = 0;
    double least = 0;
    for (int i = 0; i < rows; i++) {
      double difference = some[i] - best[i];
      sum += difference;
      least += best[i];
      squares += difference * difference;
    }
    double mean = sum / rows;
    double variance = Math.max(0, squares / rows - mean * mean);
    return mean <= STANDARD_ERRORS * Math.sqrt(variance / rows) || sum <= HARMLESS * least;
  }

  private static double[] squares(Found found, Samples samples) {
    Expression formula = found.formula().expression();
    double[] values = formula.at(samples.inputs());
    for (int i = 0; i < values.length; i++) {
      double difference = values[i] - samples.targets()[i];
      values[i] = difference * difference;
    }
    return values;
  }
}
