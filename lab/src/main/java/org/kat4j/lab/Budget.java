package org.kat4j.lab;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.kat4j.error.NearestName;

/** How much is spent on a claim. */
public enum Budget {
  /** Minutes: does it run, and which way does it point. */
  QUICK(3),
  /** At most an hour on two cores: what verdicts are written from. */
  STANDARD(5),
  /** The paper's own sizes, on a machine that can. */
  PAPER(5);

  private final int seeds;

  Budget(int seeds) {
    this.seeds = seeds;
  }

  /** Trainings of each arm with other random numbers, unless another number is asked for. */
  public int seeds() {
    return seeds;
  }

  /** The number that belongs to this budget. */
  public int of(int quick, int standard, int paper) {
    return switch (this) {
      case QUICK -> quick;
      case STANDARD -> standard;
      case PAPER -> paper;
    };
  }

  /** As written on the command line and in folders. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Budget named(String label) {
    List<String> known = Arrays.stream(values()).map(Budget::label).toList();
    if (!known.contains(label)) {
      throw NearestName.unknown("budget", label, known);
    }
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
