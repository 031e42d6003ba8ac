package org.kat4j.tables;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.kat4j.error.NearestName;
import org.kat4j.error.OneLine;
import org.kat4j.error.UserException;

/**
 * Named columns of equal length.
 *
 * @param name where it came from, for messages
 * @param columns at least one; names are unique and on one line
 */
public record Table(String name, List<Column> columns) {
  public Table {
    columns = List.copyOf(columns);
    Set<String> names = new HashSet<>();
    for (Column column : columns) {
      if (column.rows() != columns.getFirst().rows() || !names.add(column.name())) {
        throw new IllegalArgumentException(
            "column '%s': of another length or there twice".formatted(column.name()));
      }
    }
  }

  public int rows() {
    return columns.getFirst().rows();
  }

  public List<String> columnNames() {
    return columns.stream().map(Column::name).toList();
  }

  /**
   * The column of this name.
   *
   * @throws UserException naming the nearest column if there is none
   */
  public Column column(String wanted) {
    String shown = OneLine.of(wanted);
    return columns.stream()
        .filter(column -> column.name().equals(shown))
        .findFirst()
        .orElseThrow(() -> NearestName.unknown("column of " + name, shown, columnNames()));
  }

  /** The numbers of a column that must hold numbers. */
  public double[] numbers(String wanted) {
    return switch (column(wanted)) {
      case Column.Numbers numbers -> numbers.values();
      case Column.Categories _ ->
          throw new UserException(
              "column '%s' of %s holds text, numbers are needed".formatted(wanted, name));
    };
  }

  /** All columns but these. */
  public Table without(Set<String> unwanted) {
    unwanted.forEach(this::column);
    return new Table(
        name, columns.stream().filter(column -> !unwanted.contains(column.name())).toList());
  }

  /** These rows only, in this order. */
  public Table rows(int[] rows) {
    return new Table(name, columns.stream().map(column -> column.rows(rows)).toList());
  }
}
