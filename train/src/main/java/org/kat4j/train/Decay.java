package org.kat4j.train;

import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.optim.CosineSchedule;
import org.kat4j.task.Measure;

/** How the learning rate falls behind the warm-up. */
public sealed interface Decay {
  /** The rate stays. */
  @Kind("constant")
  record Constant() implements Decay {
    public static Constant example() {
      return new Constant();
    }
  }

  /** Half a cosine down to the smallest rate. */
  @Kind("cosine")
  record Cosine() implements Decay {
    public static Cosine example() {
      return new Cosine();
    }
  }

  /**
   * lr rate^floor(t / epochs). Source: timm's {@code StepLRScheduler}.
   *
   * @param epochs between two steps
   * @param rate factor of a step
   */
  @Kind("step")
  record Step(double epochs, double rate) implements Decay {
    public Step {
      Check.positive("epochs", epochs);
      Check.positive("rate", rate);
    }

    /** timm's defaults. */
    public static Step example() {
      return new Step(90, 0.1);
    }
  }

  /**
   * lr times {@code rate} each time the task's primary measure has not become better for more than
   * {@code patience} epochs. Source: timm's {@code PlateauLRScheduler}, PyTorch's {@code
   * ReduceLROnPlateau}.
   *
   * @param patience epochs without a better score that are borne
   * @param rate factor of a step
   * @param threshold change for the better that counts, as a share of the best so far
   * @param fromBest whether a step begins with the best weights so far; needs {@code keep: best}
   */
  @Kind("plateau")
  record Plateau(int patience, double rate, double threshold, boolean fromBest) implements Decay {
    public Plateau {
      Check.between("patience", patience, 0, 1_000_000);
      Check.positive("rate", rate);
      Check.inRange("threshold", threshold, 0, 1);
    }

    /** timm's defaults. */
    public static Plateau example() {
      return new Plateau(10, 0.1, 1e-4, false);
    }

    /**
     * What was seen so far; part of a checkpoint.
     *
     * @param best the score to get beyond, NaN before the first
     * @param badEpochs epochs since it was reached
     * @param steps how often the rate was lowered
     */
    record Seen(double best, int badEpochs, int steps) {
      static final Seen NOTHING = new Seen(Double.NaN, 0, 0);
    }

    Seen after(Seen seen, double score, Measure measure) {
      double margin = measure.higherIsBetter() ? threshold : -threshold;
      if (measure.isBetter(score, seen.best * (1 + margin))) {
        return new Seen(score, 0, seen.steps);
      }
      return seen.badEpochs + 1 > patience
          ? new Seen(seen.best, 0, seen.steps + 1)
          : new Seen(seen.best, seen.badEpochs + 1, seen.steps);
    }
  }

  /**
   * The rate at {@code t} epochs, behind the warm-up.
   *
   * @param t epochs since the start, or since the end of a warm-up that comes on top
   * @param epochs their number
   * @param plateau what a plateau schedule has seen
   */
  default double at(double lr, double t, int epochs, double minLr, Plateau.Seen plateau) {
    return switch (this) {
      case Constant() -> lr;
      case Cosine() -> new CosineSchedule(lr, epochs, minLr, 0, 0, false).at(t);
      case Step(double every, double rate) -> lr * Math.pow(rate, Math.floor(t / every));
      case Plateau(int _, double rate, double _, boolean _) ->
          Math.max(minLr, lr * Math.pow(rate, plateau.steps()));
    };
  }
}
