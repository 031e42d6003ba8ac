package org.kat4j.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

/** Finds the known name closest to a misspelt one. */
public final class Nearest {
  private Nearest() {}

  /** The known name with the smallest edit distance; "" if none is known. */
  public static String of(String given, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(name -> distance(given.toLowerCase(Locale.ROOT), name.toLowerCase(Locale.ROOT))))
        .orElse("");
  }

  /** Levenshtein distance: insertions, deletions and replacements. */
  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replace = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replace, 1 + Math.min(previous[j], current[j - 1]));
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
