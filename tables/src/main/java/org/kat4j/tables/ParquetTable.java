package org.kat4j.tables;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.function.Consumer;
import org.kat4j.error.UserException;

/**
 * A table from Parquet, read by DuckDB. It may open this one file and nothing else, and no text
 * from the user or the file becomes part of a statement: the path is a parameter, columns are
 * called c0, c1, …
 */
final class ParquetTable {
  private static final String SOURCE = "read_parquet(?, hive_partitioning = false)";

  private static final Set<String> NUMBERS =
      Set.of(
          "TINYINT",
          "SMALLINT",
          "INTEGER",
          "BIGINT",
          "HUGEINT",
          "UTINYINT",
          "USMALLINT",
          "UINTEGER",
          "UBIGINT",
          "FLOAT",
          "DOUBLE",
          "DECIMAL");

  private static final Set<String> WORDS = Set.of("VARCHAR", "BOOLEAN", "ENUM");

  private ParquetTable() {}

  static Table read(Path file, Reading reading, Consumer<String> notes) {
    Properties settings = new Properties();
    settings.put("temp_directory", "");
    settings.put("autoload_known_extensions", "false");
    settings.put("autoinstall_known_extensions", "false");
    settings.put("preserve_insertion_order", "true");
    settings.put("jdbc_stream_results", "true");
    try (Connection duck = DuckLibrary.connect(settings)) {
      allowOnly(file, duck);
      return read(file, duck, reading, notes);
    } catch (SQLException e) {
      String first = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new UserException("no Parquet file that can be read (DuckDB says: " + first + ")", e);
    }
  }

  private static void allowOnly(Path file, Connection duck) throws SQLException {
    try (PreparedStatement allow = duck.prepareStatement("SET allowed_paths = [?, ?]")) {
      allow.setString(1, absolute(file));
      allow.setString(2, pattern(file));
      allow.execute();
    }
    try (Statement lock = duck.createStatement()) {
      lock.execute("SET enable_external_access = false");
      lock.execute("SET lock_configuration = true");
    }
  }

  private static String absolute(Path file) {
    return file.toAbsolutePath().normalize().toString();
  }

  /** The path as a pattern that only it matches. */
  private static String pattern(Path file) {
    return absolute(file).replaceAll("[*?\\[]", "[$0]");
  }

  private static Table read(Path file, Connection duck, Reading reading, Consumer<String> notes)
      throws SQLException {
    List<String> names = new ArrayList<>();
    List<String> selected = new ArrayList<>();
    try (PreparedStatement look = duck.prepareStatement("SELECT * FROM " + SOURCE + " LIMIT 0")) {
      look.setString(1, pattern(file));
      try (ResultSet nothing = look.executeQuery()) {
        for (int i = 1; i <= nothing.getMetaData().getColumnCount(); i++) {
          names.add(nothing.getMetaData().getColumnName(i));
          selected.add(
              cast(i - 1, names.getLast(), nothing.getMetaData().getColumnTypeName(i), reading));
        }
      }
    }
    Columns columns = new Columns(names, reading, notes);
    List<String> aliases = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      aliases.add("c" + i);
    }
    String query =
        "SELECT %s FROM %s AS f(%s)"
            .formatted(String.join(", ", selected), SOURCE, String.join(", ", aliases));
    try (PreparedStatement load = duck.prepareStatement(query)) {
      load.setString(1, pattern(file));
      try (ResultSet rows = load.executeQuery()) {
        while (rows.next()) {
          for (int i = 0; i < names.size(); i++) {
            add(rows, i, selected.get(i).endsWith("DOUBLE"), columns);
          }
          columns.endRow();
        }
      }
    }
    return columns.table(file.getFileName().toString(), false);
  }

  private static String cast(int column, String name, String type, Reading reading) {
    String kind = type.replaceAll("\\(.*", "").toUpperCase(Locale.ROOT);
    if (NUMBERS.contains(kind) && !type.endsWith("]")) {
      return "c" + column + "::DOUBLE";
    }
    if (WORDS.contains(kind) && !type.endsWith("]") || reading.drop().contains(name)) {
      return "c" + column + "::VARCHAR";
    }
    throw new UserException(
        "column '%s' holds %s; turn it into numbers or text first, or say --drop to leave it out"
            .formatted(name, type));
  }

  private static void add(ResultSet rows, int i, boolean number, Columns columns)
      throws SQLException {
    ColumnBuilder builder = columns.at(i);
    if (builder == null) {
      return;
    }
    if (number) {
      double value = rows.getDouble(i + 1);
      builder.add(rows.wasNull() ? Double.NaN : value);
    } else {
      String word = rows.getString(i + 1);
      builder.add(word == null ? "" : word.strip());
    }
  }
}
