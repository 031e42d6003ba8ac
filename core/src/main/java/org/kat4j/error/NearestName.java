package org.kat4j.error;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds what somebody probably meant by a name that is not known. */
public final class NearestName {
  private NearestName() {}

  /**
   * The known name with the fewest edits from the given one, case aside; empty if none is known.
   */
  public static Optional<String> of(String given, Collection<String> known) {
    return known.stream()
        .min(
            Comparator.comparingInt((String name) -> edits(given, name))
                .thenComparing(name -> name));
  }

  /** A one-line error: what is unknown, the nearest known name, and all of them. */
  public static UserException unknown(String what, String given, Collection<String> known) {
    String hint = of(given, known).map(name -> "did you mean '" + name + "'? ").orElse("");
    return new UserException(
        "unknown %s '%s': %sknown are %s".formatted(what, given, hint, String.join(", ", known)));
  }

  /** Levenshtein distance: insertions, deletions and replacements of characters. */
  private static int edits(String a, String b) {
    String from = a.toLowerCase(Locale.ROOT);
    String to = b.toLowerCase(Locale.ROOT);
    int[] above = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int[] row = new int[to.length() + 1];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replace = above[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replace, 1 + Math.min(above[j], row[j - 1]));
      }
      above = row;
    }
    return above[to.length()];
  }
}
