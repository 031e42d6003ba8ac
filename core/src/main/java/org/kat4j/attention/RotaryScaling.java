package org.kat4j.attention;

import org.kat4j.config.Check;
import org.kat4j.config.Kind;

/** How the frequencies of {@link Rotary} are changed for sequences longer than in training. */
public sealed interface RotaryScaling {
  /** A frequency in radians for each position. */
  double scaled(double frequency);

  /** As they are. */
  @Kind("none")
  record None() implements RotaryScaling {
    public static None example() {
      return new None();
    }

    @Override
    public double scaled(double frequency) {
      return frequency;
    }
  }

  /**
   * All positions closer together.
   *
   * @param factor so many times
   */
  @Kind("linear")
  record Linear(double factor) implements RotaryScaling {
    public Linear {
      Check.positive("factor", factor);
    }

    public static Linear example() {
      return new Linear(2);
    }

    @Override
    public double scaled(double frequency) {
      return frequency / factor;
    }
  }

  /**
   * Slow frequencies as {@link Linear}, fast ones as they are, with a passage between: Llama 3.1's.
   *
   * @param factor of slow ones
   * @param lowFactor frequencies of at most this many turns over the original length are slow
   * @param highFactor those of at least this many turns are fast
   * @param original tokens of a sequence in training
   */
  @Kind("llama3")
  record Llama3(double factor, double lowFactor, double highFactor, int original)
      implements RotaryScaling {
    public Llama3 {
      Check.positive("factor", factor);
      Check.positive("lowFactor", lowFactor);
      if (!(highFactor > lowFactor)) {
        throw new IllegalArgumentException(
            "highFactor = " + highFactor + ": above lowFactor = " + lowFactor + " is needed");
      }
      Check.atLeast("original", original, 1);
    }

    public static Llama3 example() {
      return new Llama3(8, 1, 4, 8192);
    }

    @Override
    public double scaled(double frequency) {
      double turns = original * frequency / (2 * Math.PI);
      double fast = Math.clamp((turns - lowFactor) / (highFactor - lowFactor), 0, 1);
      return fast * frequency + (1 - fast) * frequency / factor;
    }
  }
}
