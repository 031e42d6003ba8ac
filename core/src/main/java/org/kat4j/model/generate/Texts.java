package org.kat4j.model.generate;

import java.util.Arrays;
import java.util.List;

/** The last tokens of texts of one length: as many as the model reads, and the one drawn last. */
final class Texts {
  private final int longest;
  private final long[][] tokens;
  private int length;

  Texts(List<int[]> prompts, int longest) {
    this.longest = longest;
    tokens = new long[prompts.size()][longest + 1];
    length = prompts.getFirst().length;
    for (int i = 0; i < tokens.length; i++) {
      for (int t = 0; t < length; t++) {
        tokens[i][t] = prompts.get(i)[t];
      }
    }
  }

  int count() {
    return tokens.length;
  }

  int length() {
    return length;
  }

  /** Whether they are longer than what the model reads. */
  boolean isTooLong() {
    return length > longest;
  }

  void add(long[] next) {
    for (int i = 0; i < tokens.length; i++) {
      tokens[i][length] = next[i];
    }
    length++;
  }

  /** Forgets all but the last half of what the model reads. */
  void keepHalf() {
    int kept = Math.max(1, longest / 2);
    for (long[] text : tokens) {
      System.arraycopy(text, length - kept, text, 0, kept);
    }
    length = kept;
  }

  /** One after the other, row by row. */
  long[] joined() {
    return Arrays.stream(tokens).flatMapToLong(text -> Arrays.stream(text, 0, length)).toArray();
  }
}
