package org.kat4j.lab;

import org.kat4j.error.DivergedException;

/**
 * A study with its data at hand.
 *
 * @param determinedBy names everything beside the arm that determines a trial: checksum of the
 *     data, split, steps, batch size, schedule
 * @param body trains one arm once; throws {@link DivergedException} where that fails
 */
public record Experiment(String determinedBy, Body body) {
  /** Trains and measures. */
  @FunctionalInterface
  public interface Body {
    Measured run(Trial trial);
  }
}
