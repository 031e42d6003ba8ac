package org.kat4j.tables;

import java.util.List;
import java.util.Set;
import org.kat4j.config.Check;

/**
 * How a file is to be read.
 *
 * @param names of all columns, where the file has no line of names; empty: from the file
 * @param missing what stands for a missing value in a text file, besides nothing at all
 * @param categories columns that hold words even where they look like numbers
 * @param maxRows refuse files with more
 */
public record Reading(
    List<String> names, List<String> missing, Set<String> categories, int maxRows) {
  /** Rows that a table may have unless told otherwise. */
  public static final int MAX_ROWS = 10_000_000;

  public Reading {
    names = List.copyOf(names);
    missing = List.copyOf(missing);
    categories = Set.copyOf(categories);
    Check.between("maxRows", maxRows, 1, 100_000_000);
  }

  /** Names from the first line, the usual marks for missing values. */
  public static Reading usual() {
    return new Reading(
        List.of(), List.of("?", "NA", "N/A", "NaN", "nan", "null"), Set.of(), MAX_ROWS);
  }

  /** The same with the names of the columns. */
  public Reading withNames(List<String> columns) {
    return new Reading(columns, missing, categories, maxRows);
  }

  /** The same with columns that hold words. */
  public Reading withCategories(Set<String> columns) {
    return new Reading(names, missing, columns, maxRows);
  }

  /** The same with further marks for missing values. */
  public Reading withMissing(List<String> marks) {
    return new Reading(names, marks, categories, maxRows);
  }
}
