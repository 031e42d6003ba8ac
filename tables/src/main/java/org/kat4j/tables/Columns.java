package org.kat4j.tables;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.NearestName;
import org.kat4j.error.OneLine;
import org.kat4j.error.UserException;

/** All columns of a table while its rows come in. */
final class Columns {
  static final int MAX_COLUMNS = 10_000;
  private static final long MAX_CELLS = 500_000_000;

  private final Reading reading;
  private final Consumer<String> notes;
  private final List<String> names = new ArrayList<>();
  private final Set<Integer> unnamed = new HashSet<>();
  private final List<@Nullable ColumnBuilder> builders = new ArrayList<>(); // null: left out
  private int rows;

  /**
   * @param given names as they are in the file; empty ones become column1, column2 … by their place
   */
  Columns(List<String> given, Reading reading, Consumer<String> notes) {
    this.reading = reading;
    this.notes = notes;
    if (given.size() > MAX_COLUMNS) {
      throw new UserException("%d columns, at most %d".formatted(given.size(), MAX_COLUMNS));
    }
    for (int i = 0; i < given.size(); i++) {
      String name = OneLine.of(given.get(i));
      if (name.isEmpty() || name.matches("Unnamed: \\d+")) { // pandas' word for no name
        unnamed.add(i);
      }
      names.add(name.isEmpty() ? place(i, given) : name);
    }
    if (unnamed.size() == names.size()) {
      unnamed.clear(); // a file without names
    }
    checkNames();
    for (String name : names) {
      builders.add(
          reading.drop().contains(name)
              ? null
              : new ColumnBuilder(name, reading.categories().contains(name)));
    }
  }

  /** Names by place. */
  static List<String> unnamed(int count) {
    return IntStream.range(0, count).mapToObj(_ -> "").toList();
  }

  private static String place(int i, List<String> given) {
    String name = "column" + (i + 1);
    return given.contains(name) ? name + "_" : name;
  }

  private void checkNames() {
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (!seen.add(name)) {
        throw new UserException(
            "two columns are called '%s'; give every column a name of its own".formatted(name));
      }
    }
    for (Set<String> wanted : List.of(reading.categories(), reading.drop())) {
      for (String name : wanted) {
        if (!seen.contains(name)) {
          throw NearestName.unknown("column", name, names);
        }
      }
    }
  }

  int count() {
    return names.size();
  }

  /** The builder of a column; null if it is left out. */
  @Nullable ColumnBuilder at(int column) {
    return builders.get(column);
  }

  /** Ends a row to which every column has had its cell. */
  void endRow() {
    rows++;
    if (rows > reading.maxRows() || (long) rows * names.size() > MAX_CELLS) {
      throw new UserException(
          "more than %,d rows or %,d cells; take a part of it"
              .formatted(reading.maxRows(), MAX_CELLS));
    }
  }

  /**
   * The table of all rows.
   *
   * @param commas whether numbers may have a decimal comma
   */
  Table table(String name, boolean commas) {
    if (rows == 0) {
      throw new UserException("no rows below the names of the columns");
    }
    List<Column> columns = new ArrayList<>();
    Map<String, List<String>> marks = new LinkedHashMap<>();
    List<String> withCommas = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      ColumnBuilder builder = builders.get(i);
      if (builder == null) {
        continue;
      }
      ColumnBuilder.Built built = builder.build(reading, commas);
      Column column = built.column();
      built
          .marks()
          .forEach((mark, count) ->
              marks
                  .computeIfAbsent(mark, _ -> new ArrayList<>())
                  .add("%d in '%s'".formatted(count, column.name())));
      if (built.decimalComma()) {
        withCommas.add(column.name());
      }
      if (!unnamed.contains(i) || keeps(column, i)) {
        columns.add(column);
      }
      builders.set(i, null); // its cells are not needed any more
    }
    if (!withCommas.isEmpty()) {
      notes.accept("numbers with a decimal comma in " + shortened(withCommas));
    }
    marks.forEach((mark, where) ->
        notes.accept(
            "taken as missing: '%s', %s (--missing-marks names other texts)"
                .formatted(mark, shortened(where))));
    if (columns.isEmpty()) {
      throw new UserException("no column is left");
    }
    return new Table(name, columns);
  }

  private boolean keeps(Column column, int place) {
    if (column.missing() == column.rows()) {
      notes.accept("column %d has neither a name nor values: left out".formatted(place + 1));
      return false;
    }
    if (column instanceof Column.Numbers(String name, double[] values)
        && countsUp(values)
        && !name.equals(reading.target())) {
      notes.accept(
          "column %d has no name and counts the rows: left out; give it a name to keep it"
              .formatted(place + 1));
      return false;
    }
    notes.accept("column %d has no name: it is called '%s'".formatted(place + 1, column.name()));
    return true;
  }

  private static boolean countsUp(double[] values) {
    return (values[0] == 0 || values[0] == 1)
        && IntStream.range(1, values.length).allMatch(i -> values[i] == values[0] + i);
  }

  private static String shortened(List<String> items) {
    return items.size() <= 8
        ? String.join(", ", items)
        : String.join(", ", items.subList(0, 8))
            + " and %d more columns".formatted(items.size() - 8);
  }
}
