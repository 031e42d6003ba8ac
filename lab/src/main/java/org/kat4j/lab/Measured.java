package org.kat4j.lab;

import java.util.List;
import java.util.Map;

/**
 * What a trial found.
 *
 * @param validation score on validation data with the last weights
 * @param test score on test data with the last weights, NaN in a trial that tunes
 * @param steps updates
 * @param trainSeconds time of the updates alone, without evaluation
 * @param curve on the way, first to last
 * @param extras further numbers by name, for the record
 */
public record Measured(
    double validation,
    double test,
    long steps,
    double trainSeconds,
    List<Point> curve,
    Map<String, Double> extras) {
  /**
   * @param step updates so far
   * @param trainLoss mean training loss since the last point
   * @param validation score on validation data
   */
  public record Point(long step, double trainLoss, double validation) {}

  /** Scores alone, of something that is not trained in steps. */
  public static Measured of(double validation, double test) {
    return new Measured(validation, test, 0, 0, List.of(), Map.of());
  }

  public Measured withExtras(Map<String, Double> more) {
    return new Measured(validation, test, steps, trainSeconds, curve, more);
  }
}
