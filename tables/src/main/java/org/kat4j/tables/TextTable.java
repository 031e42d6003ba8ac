package org.kat4j.tables;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;

/** A table from text: cells between separators, rows on lines. */
final class TextTable {
  private TextTable() {}

  static Table read(TextFile text, Reading reading, Consumer<String> notes) throws IOException {
    Path name = text.file().getFileName();
    Layout layout;
    try (BufferedReader start = text.open()) {
      layout = Layout.of(start, reading, notes);
    }
    try (BufferedReader whole = text.open()) {
      Records records = new Records(whole, layout.separator());
      int above = layout.skipped() + (layout.names() == null ? 0 : 1);
      for (int i = 0; i < above; i++) {
        records.next();
      }
      Columns columns = new Columns(names(layout, reading), reading, notes);
      if (columns.count() == 1) {
        notes.accept("there is one column: cells end at a comma, semicolon, tab or bar");
      }
      readRows(records, columns, notes);
      return columns.table(name.toString(), layout.separator() != ',');
    }
  }

  private static List<String> names(Layout layout, Reading reading) {
    List<String> given = reading.names();
    if (!given.isEmpty() && given.size() != layout.width()) {
      throw new UserException(
          "%d columns, but %d names were given".formatted(layout.width(), given.size()));
    }
    List<String> found = layout.names();
    return !given.isEmpty() ? given : found != null ? found : Columns.unnamed(layout.width());
  }

  private static void readRows(Records records, Columns columns, Consumer<String> notes)
      throws IOException {
    int comments = 0;
    int empty = 0;
    for (List<String> row = records.next(); row != null; row = records.next()) {
      if (Records.isBlank(row)) {
        continue;
      }
      if (row.getFirst().startsWith("#") && row.size() != columns.count()) {
        comments++;
      } else if (row.size() > 1 && row.stream().allMatch(String::isEmpty)) {
        empty++;
      } else {
        add(row, records.line(), columns);
      }
    }
    count(comments, "that begins with #", "that begin with #", notes);
    count(empty, "without any value", "without any value", notes);
  }

  private static void count(int lines, String one, String several, Consumer<String> notes) {
    if (lines > 0) {
      notes.accept(
          lines == 1
              ? "1 line %s is left out".formatted(one)
              : "%d lines %s are left out".formatted(lines, several));
    }
  }

  private static void add(List<String> row, long line, Columns columns) {
    int count = columns.count();
    if (row.size() < count || !row.subList(count, row.size()).stream().allMatch(String::isEmpty)) {
      throw new UserException(
          "line %d has %d cell%s, the table has %d columns: text that holds the separator belongs in quotes"
              .formatted(line, row.size(), row.size() == 1 ? "" : "s", count));
    }
    for (int i = 0; i < count; i++) {
      @Nullable ColumnBuilder builder = columns.at(i);
      if (builder != null) {
        builder.add(row.get(i));
      }
    }
    columns.endRow();
  }
}
