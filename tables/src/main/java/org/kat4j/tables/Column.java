package org.kat4j.tables;

import java.util.List;

/** A named column of a table: numbers, or words from a list. */
public sealed interface Column {
  /** As the file's first line or the registry calls it. */
  String name();

  int rows();

  /** How many rows have no value. */
  int missing();

  /** The same column with these rows only, in this order. */
  Column rows(int[] rows);

  /** The same values under another name. */
  Column named(String name);

  /**
   * Numbers.
   *
   * @param values one for each row, finite; NaN where there is none
   */
  record Numbers(String name, double[] values) implements Column {
    @Override
    public int rows() {
      return values.length;
    }

    @Override
    public int missing() {
      int missing = 0;
      for (double value : values) {
        missing += Double.isNaN(value) ? 1 : 0;
      }
      return missing;
    }

    @Override
    public Numbers rows(int[] rows) {
      double[] chosen = new double[rows.length];
      for (int i = 0; i < rows.length; i++) {
        chosen[i] = values[rows[i]];
      }
      return new Numbers(name, chosen);
    }

    @Override
    public Numbers named(String other) {
      return new Numbers(other, values);
    }
  }

  /**
   * Words.
   *
   * @param levels the different words, in order: by number if all are numbers, else by letters
   * @param codes for each row the index of its word; -1 where there is none
   */
  record Categories(String name, List<String> levels, int[] codes) implements Column {
    public Categories {
      levels = List.copyOf(levels);
    }

    @Override
    public int rows() {
      return codes.length;
    }

    @Override
    public int missing() {
      int missing = 0;
      for (int code : codes) {
        missing += code < 0 ? 1 : 0;
      }
      return missing;
    }

    @Override
    public Categories rows(int[] rows) {
      int[] chosen = new int[rows.length];
      for (int i = 0; i < rows.length; i++) {
        chosen[i] = codes[rows[i]];
      }
      return new Categories(name, levels, chosen);
    }

    @Override
    public Categories named(String other) {
      return new Categories(other, levels, codes);
    }
  }
}
