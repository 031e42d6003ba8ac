package org.kat4j.tables;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.OneLine;
import org.kat4j.error.UserException;

/**
 * How a text table is laid out, by its first records.
 *
 * @param separator between cells
 * @param skipped records above the names or the first row
 * @param names of all columns, in which an empty one has none; null: the file has no line of names
 * @param width cells of a row
 */
record Layout(char separator, int skipped, @Nullable List<String> names, int width) {
  private static final int SAMPLE_CHARACTERS = 1 << 20;
  private static final int SAMPLE_RECORDS = 50;
  private static final char[] SEPARATORS = {',', ';', '\t', '|'};

  /** The first records when a text is cut in one way. */
  private record Sample(char separator, List<List<String>> records) {
    /** How many cells most records have, the wider of two. */
    int width() {
      Map<Integer, Integer> counts = new HashMap<>();
      records.forEach(record -> counts.merge(record.size(), 1, Integer::sum));
      return counts.entrySet().stream()
          .max(Map.Entry.<Integer, Integer>comparingByValue().thenComparing(Map.Entry::getKey))
          .map(Map.Entry::getKey)
          .orElse(1);
    }

    double share() {
      int width = width();
      return (double) records.stream().filter(record -> record.size() == width).count()
          / records.size();
    }

    /** Cells that another separator would cut, numbers with a decimal comma aside. */
    long foreign() {
      return records.stream()
          .flatMap(List::stream)
          .filter(cell ->
              new String(SEPARATORS).chars().anyMatch(c -> cell.indexOf(c) >= 0)
                  && !(separator != ',' && Notation.isDecimalComma(cell)))
          .count();
    }

    boolean isBetterThan(Sample other) {
      if ((width() > 1) != (other.width() > 1)) {
        return width() > 1;
      }
      if (share() != other.share()) {
        return share() > other.share();
      }
      return foreign() != other.foreign() ? foreign() < other.foreign() : width() > other.width();
    }
  }

  /**
   * The layout of a text.
   *
   * @param notes hears of what is not as plain as it could be
   */
  static Layout of(BufferedReader text, Reading reading, Consumer<String> notes)
      throws IOException {
    char[] start = new char[SAMPLE_CHARACTERS];
    int length = 0;
    for (int read = 0; read >= 0 && length < start.length; length += Math.max(0, read)) {
      read = text.read(start, length, start.length - length);
    }
    String sample = new String(start, 0, length);
    if (sample.isBlank()) {
      throw new UserException("the file is empty; a table starts with names or values");
    }
    String hint = sample.lines().findFirst().orElse("").strip();
    boolean hinted = hint.matches("(?i)\"?sep=.\"?"); // Excel's
    Sample best =
        hinted
            ? sample(sample, hint.replace("\"", "").charAt(4), length == SAMPLE_CHARACTERS)
            : best(sample, length == SAMPLE_CHARACTERS);
    return of(best, hinted ? 1 : 0, reading, notes);
  }

  private static Sample best(String text, boolean cut) throws IOException {
    Sample best = null;
    UserException broken = null;
    for (char separator : SEPARATORS) {
      try {
        Sample sample = sample(text, separator, cut);
        best = best == null || sample.isBetterThan(best) ? sample : best;
      } catch (UserException e) {
        broken = broken == null ? e : broken;
      }
    }
    if (broken != null && (best == null || best.width() == 1)) {
      throw broken;
    }
    return Objects.requireNonNull(best);
  }

  private static Sample sample(String text, char separator, boolean cut) throws IOException {
    Records records = new Records(new StringReader(text), separator);
    List<List<String>> first = new ArrayList<>();
    try {
      for (var record = records.next();
          record != null && first.size() < SAMPLE_RECORDS;
          record = records.next()) {
        first.add(record);
      }
    } catch (UserException e) {
      if (!cut || first.size() < 2) { // a quote may be closed behind the sample
        throw e;
      }
    }
    if (cut && first.size() > 1 && first.size() < SAMPLE_RECORDS) {
      first.removeLast();
    }
    return new Sample(separator, first);
  }

  private static Layout of(Sample sample, int hint, Reading reading, Consumer<String> notes) {
    List<List<String>> records = sample.records;
    int width = sample.width();
    int first = hint;
    while (first < records.size() - 1 && isTitle(records.get(first), width)) {
      if (!Records.isBlank(records.get(first))) {
        notes.accept(
            "line %d, '%s', is no row of the table: left out"
                .formatted(first + 1, OneLine.of(String.join(" ", records.get(first)))));
      }
      first++;
    }
    List<String> line = records.get(first);
    List<List<String>> below =
        records.subList(first + 1, records.size()).stream()
            .filter(record -> !Records.isBlank(record))
            .toList();
    if (!reading.names().isEmpty() || !isHeader(line, below, reading, notes)) {
      return new Layout(sample.separator, first, null, Math.max(width, line.size()));
    }
    List<String> names = new ArrayList<>(line);
    if (!below.isEmpty() && below.stream().allMatch(row -> row.size() == line.size() + 1)) {
      boolean trailing = below.stream().allMatch(row -> row.getLast().isEmpty());
      names.add(trailing ? names.size() : 0, ""); // R leaves out the name of the rows' names
    }
    return new Layout(sample.separator, first, names, names.size());
  }

  /** A title or a comment above the table. */
  private static boolean isTitle(List<String> record, int width) {
    return Records.isBlank(record)
        || width > 1 && record.size() == 1
        || record.getFirst().startsWith("#") && (record.size() != width || width == 1);
  }

  private static boolean isHeader(
      List<String> line, List<List<String>> below, Reading reading, Consumer<String> notes) {
    boolean values = false; // cells that a name does not look like
    boolean named = false; // words above values
    for (int i = 0; i < line.size(); i++) {
      boolean value = Notation.isValue(line.get(i));
      values |= value;
      named |= !value && !reading.isMissing(line.get(i)) && aboveValues(below, i, reading);
    }
    boolean header =
        switch (reading.header()) {
          case YES -> true;
          case NO -> false;
          case AUTO ->
              !reading.target().isEmpty()
                      && line.stream().map(OneLine::of).anyMatch(reading.target()::equals)
                  || named
                  || !values;
        };
    if (reading.header() == Reading.Header.AUTO) {
      String cells = shown(line);
      if (!header) {
        notes.accept(
            "the first line (%s) is taken as a row: columns are called column1, column2, …; --header yes takes it as names"
                .formatted(cells));
      } else if (values) {
        notes.accept(
            "the first line (%s) is taken as names; --header no takes it as a row"
                .formatted(cells));
      } else if (!named && !below.isEmpty()) {
        notes.accept(
            "the first line (%s) is taken as names, though no column holds numbers; --header no takes it as a row"
                .formatted(cells));
      }
    }
    return header;
  }

  private static boolean aboveValues(List<List<String>> below, int column, Reading reading) {
    List<String> cells =
        below.stream()
            .filter(row -> row.size() > column)
            .map(row -> row.get(column))
            .filter(cell -> !reading.isMissing(cell))
            .toList();
    return !cells.isEmpty() && cells.stream().allMatch(Notation::isValue);
  }

  static String shown(List<String> cells) {
    String all = OneLine.of(String.join(", ", cells));
    return all.length() > 60 ? all.substring(0, 60) + " …" : all;
  }
}
