package org.kat4j.lab;

import java.util.List;
import java.util.Locale;

/** What an experiment says of a claim. */
public enum Verdict {
  SUPPORTED,
  REFUTED,
  UNDECIDED;

  /** Of all primary questions together: one no is a no, and only all yes is a yes. */
  static Verdict of(List<Verdict> primaries) {
    if (primaries.contains(REFUTED)) {
      return REFUTED;
    }
    boolean all = !primaries.isEmpty() && primaries.stream().allMatch(v -> v == SUPPORTED);
    return all ? SUPPORTED : UNDECIDED;
  }

  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
