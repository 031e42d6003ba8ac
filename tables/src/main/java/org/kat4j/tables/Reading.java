package org.kat4j.tables;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.kat4j.config.Check;
import org.kat4j.error.OneLine;

/**
 * How a file is to be read.
 *
 * @param names of all columns, where the file has no line of names; empty: from the file
 * @param header whether a text file starts with names
 * @param target a column whose name shows that a line is one of names; empty: none is known
 * @param missing what stands for a missing value besides nothing at all, in lower case
 * @param categories columns that hold words even where they look like numbers
 * @param drop columns that are left out, whatever they hold
 * @param maxRows refuse files with more
 */
public record Reading(
    List<String> names,
    Header header,
    String target,
    Set<String> missing,
    Set<String> categories,
    Set<String> drop,
    int maxRows) {
  /** Whether the first line holds names. */
  public enum Header {
    /** By what stands below it. */
    AUTO,
    YES,
    NO
  }

  /** Rows that a table may have unless told otherwise. */
  public static final int MAX_ROWS = 10_000_000;

  /** Those of pandas, and marks of UCI, SAS, PostgreSQL and people. */
  public static final List<String> USUAL_MARKS =
      List.of(
          "?",
          "-",
          ".",
          "\\N",
          "NA",
          "N/A",
          "#N/A",
          "#N/A N/A",
          "#NA",
          "<NA>",
          "NaN",
          "-NaN",
          "NULL",
          "None",
          "NaT",
          "1.#IND",
          "-1.#IND",
          "1.#QNAN",
          "-1.#QNAN");

  public Reading {
    names = List.copyOf(names);
    missing =
        Set.copyOf(missing.stream().map(mark -> mark.strip().toLowerCase(Locale.ROOT)).toList());
    categories = oneLine(categories);
    drop = oneLine(drop);
    target = OneLine.of(target);
    Check.between("maxRows", maxRows, 1, 100_000_000);
  }

  private static Set<String> oneLine(Set<String> columns) {
    return Set.copyOf(columns.stream().map(OneLine::of).toList());
  }

  /** Names from the first line if it looks like that, the usual marks for missing values. */
  public static Reading usual() {
    return new Reading(
        List.of(), Header.AUTO, "", Set.copyOf(USUAL_MARKS), Set.of(), Set.of(), MAX_ROWS);
  }

  /** The same with the names of the columns. */
  public Reading withNames(List<String> columns) {
    return new Reading(columns, header, target, missing, categories, drop, maxRows);
  }

  /** The same with a first line that is, or is not, one of names. */
  public Reading withHeader(Header line) {
    return new Reading(names, line, target, missing, categories, drop, maxRows);
  }

  /** The same with a column that a line of names has to hold. */
  public Reading withTarget(String column) {
    return new Reading(names, header, column, missing, categories, drop, maxRows);
  }

  /** The same with other marks for missing values. */
  public Reading withMissing(List<String> marks) {
    return new Reading(names, header, target, Set.copyOf(marks), categories, drop, maxRows);
  }

  /** The same with columns that hold words. */
  public Reading withCategories(Set<String> columns) {
    return new Reading(names, header, target, missing, columns, drop, maxRows);
  }

  /** The same without columns. */
  public Reading withoutColumns(Set<String> columns) {
    return new Reading(names, header, target, missing, categories, columns, maxRows);
  }

  /** The same with a limit. */
  public Reading withMaxRows(int rows) {
    return new Reading(names, header, target, missing, categories, drop, rows);
  }

  /** Whether a text means that there is no value. */
  boolean isMissing(String text) {
    return text.isEmpty() || missing.contains(text.toLowerCase(Locale.ROOT));
  }
}
