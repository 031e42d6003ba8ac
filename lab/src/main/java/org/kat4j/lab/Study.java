package org.kat4j.lab;

import java.util.List;
import org.kat4j.task.Measure;

/**
 * Arms that are trained for one task and compared by one number.
 *
 * @param name short, unique in its claim
 * @param what the task and how it is trained, in a sentence
 * @param measure what is compared
 * @param match what is held equal between the arms
 * @param rates learning rates that every arm may try; the one with the best validation score is
 *     used. One rate: nothing is tuned.
 * @param arms the contestants
 * @param opening opens the data
 */
public record Study(
    String name,
    String what,
    Measure measure,
    Match match,
    List<Double> rates,
    List<Arm> arms,
    Opening opening) {
  /** What two arms have equal. */
  public enum Match {
    /** Trained numbers, within 2 %. */
    PARAMETERS(0.02),
    /** Operations of a forward, within 10 %. */
    FLOPS(0.10),
    /** Nothing: sizes are part of what is compared. */
    NOTHING(Double.POSITIVE_INFINITY);

    private final double tolerance;

    Match(double tolerance) {
      this.tolerance = tolerance;
    }

    public double tolerance() {
      return tolerance;
    }

    /** What of the arm is held equal. */
    public double sizeOf(Arm arm) {
      return this == FLOPS ? arm.flops() : arm.parameters();
    }
  }

  /** Opens the data of a study; splits and scales it before anything is trained. */
  @FunctionalInterface
  public interface Opening {
    /**
     * @throws org.kat4j.error.UserException where data is missing
     */
    Experiment open(Workplace place);
  }

  public Study {
    rates = List.copyOf(rates);
    arms = List.copyOf(arms);
  }

  Arm arm(String arm) {
    return arms.stream()
        .filter(a -> a.name().equals(arm))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(name + " has no arm " + arm));
  }

  /**
   * How far the arm's size is from the first arm's: 0.01 is 1 % more; 0 where sizes are unknown.
   */
  double excess(Arm arm) {
    double first = match.sizeOf(arms.getFirst());
    return first == 0 ? 0 : match.sizeOf(arm) / first - 1;
  }
}
