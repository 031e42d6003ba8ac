package org.kat4j.tables;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.kat4j.error.NearestName;
import org.kat4j.error.UserException;

/**
 * Reads a table from CSV, TSV (both also gzipped), Parquet or JSON, by DuckDB.
 *
 * <p>DuckDB may open this one file and nothing else, and no text from the user or the file becomes
 * part of a statement: path and marks are parameters, columns are called c0, c1, …
 *
 * <p>A column of a text file holds numbers if every value is one, words if none is; a mixture is an
 * error unless {@link Reading#categories} says that it holds words.
 */
public final class TableReader implements AutoCloseable {
  private static final int MAX_COLUMNS = 10_000;
  private static final long MAX_CELLS = 500_000_000;

  private final Path file;
  private final Path source; // the file, or a copy of it with line ends of one kind
  private final Reading reading;
  private final Connection connection;

  private TableReader(Path file, Path source, Reading reading) throws SQLException {
    this.file = file;
    this.source = source;
    this.reading = reading;
    Properties settings = new Properties();
    settings.put("temp_directory", "");
    settings.put("autoload_known_extensions", "false");
    settings.put("autoinstall_known_extensions", "false");
    settings.put("preserve_insertion_order", "true");
    connection = DriverManager.getConnection("jdbc:duckdb:", settings);
  }

  /**
   * The table in a file.
   *
   * @throws UserException if the file is missing, damaged, empty, too large, or a column is a
   *     mixture of numbers and words
   */
  public static Table read(Path file, Reading reading) {
    if (!Files.isRegularFile(file)) {
      throw new UserException(
          "%s: no such file; a table is a .csv, .tsv, .parquet or .json file".formatted(file));
    }
    try {
      return read(file, file, reading);
    } catch (SQLException e) {
      if (structureIsBroken(e)) {
        return readWithLineFeeds(file, reading);
      }
      throw new UserException("%s: %s".formatted(file, firstSentence(e)), e);
    }
  }

  private static Table read(Path file, Path source, Reading reading) throws SQLException {
    try (TableReader reader = new TableReader(file, source, reading)) {
      reader.allowOnlyTheFile();
      List<String> names = reader.load();
      return reader.table(names);
    }
  }

  /** What DuckDB takes for a broken file may only have line ends of two kinds. */
  private static Table readWithLineFeeds(Path file, Reading reading) {
    try {
      if (LineEnds.mixed(file)) {
        Path copy = Files.createTempFile("kat4j-table", ".csv");
        try {
          LineEnds.copyWithLineFeeds(file, copy);
          return read(file, copy, reading);
        } finally {
          Files.delete(copy);
        }
      }
      throw new UserException(file + ": quotes are not closed");
    } catch (SQLException e) {
      String what = structureIsBroken(e) ? "quotes are not closed" : firstSentence(e);
      throw new UserException("%s: %s".formatted(file, what), e);
    } catch (IOException e) {
      throw new UserException(
          "%s: cannot be rewritten with one kind of line ends".formatted(file), e);
    }
  }

  private String absolute() {
    return source.toAbsolutePath().normalize().toString();
  }

  private void allowOnlyTheFile() throws SQLException {
    try (PreparedStatement allow = connection.prepareStatement("SET allowed_paths = [?]")) {
      allow.setString(1, absolute());
      allow.execute();
    }
    try (Statement lock = connection.createStatement()) {
      lock.execute("SET enable_external_access = false");
      lock.execute("SET lock_configuration = true");
    }
  }

  /** Loads the file into the table {@code t} of columns c0, c1, …; gives their names. */
  private List<String> load() throws SQLException {
    String lower = file.getFileName().toString().toLowerCase(Locale.ROOT);
    if (lower.endsWith(".parquet")) {
      return loadTyped("read_parquet(?)");
    }
    if (lower.endsWith(".json") || lower.endsWith(".jsonl") || lower.endsWith(".ndjson")) {
      return loadTyped("read_json(?)");
    }
    return loadText();
  }

  private List<String> loadText() throws SQLException {
    FirstLine first = FirstLine.of(file);
    boolean named = reading.names().isEmpty() && first.holdsNames();
    List<String> names = reading.names();
    if (names.isEmpty()) {
      names = named ? first.cells() : places(first.cells().size());
    }
    checkColumns(names, first.cells().size());
    String columns =
        IntStream.range(0, names.size())
            .mapToObj(i -> "c" + i + ": 'VARCHAR'")
            .collect(Collectors.joining(", "));
    String marks = "?, ".repeat(reading.missing().size());
    String source =
        "read_csv(?, auto_detect=false, header=false, skip=%d, delim=?, quote='\"', escape='\"',"
            + " nullstr=[%s''], columns={%s})";
    List<String> parameters = new ArrayList<>(List.of(absolute(), first.delimiter() + ""));
    parameters.addAll(reading.missing());
    create("SELECT * FROM " + source.formatted(named ? 1 : 0, marks, columns), parameters);
    return names;
  }

  private List<String> loadTyped(String source) throws SQLException {
    List<String> names = new ArrayList<>();
    try (PreparedStatement look =
        connection.prepareStatement("SELECT * FROM " + source + " LIMIT 0")) {
      look.setString(1, absolute());
      try (ResultSet nothing = look.executeQuery()) {
        for (int i = 1; i <= nothing.getMetaData().getColumnCount(); i++) {
          names.add(nothing.getMetaData().getColumnName(i));
          refuseOtherThanTextAndNumbers(
              names.getLast(), nothing.getMetaData().getColumnTypeName(i));
        }
      }
    }
    checkColumns(names, names.size());
    String aliases =
        String.join(", ", IntStream.range(0, names.size()).mapToObj(i -> "c" + i).toList());
    create("SELECT * FROM %s AS f(%s)".formatted(source, aliases), List.of(absolute()));
    return names;
  }

  private void refuseOtherThanTextAndNumbers(String column, String type) {
    String kind = type.replaceAll("\\(.*", "").toUpperCase(Locale.ROOT);
    Set<String> known =
        Set.of(
            "VARCHAR",
            "BOOLEAN",
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
            "DECIMAL",
            "ENUM");
    if (!known.contains(kind) || type.endsWith("]")) {
      throw new UserException(
          "%s: column '%s' holds %s; turn it into numbers or text first"
              .formatted(file, column, type));
    }
  }

  /** Runs the only statement that touches the file. */
  private void create(String query, List<String> parameters) throws SQLException {
    String statement = "CREATE TEMP TABLE t AS " + query + " LIMIT ?";
    try (PreparedStatement load = connection.prepareStatement(statement)) {
      for (int i = 0; i < parameters.size(); i++) {
        load.setString(i + 1, parameters.get(i));
      }
      load.setLong(parameters.size() + 1, reading.maxRows() + 1L);
      load.execute();
    }
  }

  private static List<String> places(int count) {
    return IntStream.range(0, count).mapToObj(i -> "column" + (i + 1)).toList();
  }

  private void checkColumns(List<String> names, int found) {
    if (names.size() != found) {
      throw new UserException(
          "%s: %d columns, but %d names were given".formatted(file, found, names.size()));
    }
    if (found > MAX_COLUMNS) {
      throw new UserException("%s: %d columns, at most %d".formatted(file, found, MAX_COLUMNS));
    }
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (!seen.add(name)) {
        throw new UserException(
            "%s: two columns are called '%s'; give every column a name of its own"
                .formatted(file, name));
      }
    }
    for (String name : reading.categories()) {
      if (!seen.contains(name)) {
        throw NearestName.unknown("column of " + file, name, names);
      }
    }
  }

  private Table table(List<String> names) throws SQLException {
    int rows = checkedRows(names.size());
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      columns.add(column(i, names.get(i), rows));
    }
    return new Table(file.getFileName().toString(), columns);
  }

  private int checkedRows(int columns) throws SQLException {
    try (Statement count = connection.createStatement();
        ResultSet one = count.executeQuery("SELECT count(*) FROM t")) {
      one.next();
      long rows = one.getLong(1);
      if (rows == 0) {
        throw new UserException(file + ": no rows below the names of the columns");
      }
      if (rows > reading.maxRows() || rows * columns > MAX_CELLS) {
        throw new UserException(
            "%s: more than %,d rows or %,d cells; take a part of it"
                .formatted(file, reading.maxRows(), MAX_CELLS));
      }
      return (int) rows;
    }
  }

  private Column column(int index, String name, int rows) throws SQLException {
    String c = "c" + index;
    long values;
    long numbers;
    try (Statement count = connection.createStatement();
        ResultSet both =
            count.executeQuery(
                "SELECT count(%s), count(try_cast(%s::VARCHAR AS DOUBLE)) FROM t"
                    .formatted(c, c))) {
      both.next();
      values = both.getLong(1);
      numbers = both.getLong(2);
    }
    if (values == 0) {
      double[] none = new double[rows];
      Arrays.fill(none, Double.NaN);
      return new Column.Numbers(name, none);
    }
    if (reading.categories().contains(name) || numbers == 0) {
      return words(name, c, rows);
    }
    if (numbers < values) {
      throw mixture(name, c, values - numbers);
    }
    return numbers(name, c, rows);
  }

  private Column numbers(String name, String c, int rows) throws SQLException {
    double[] values = new double[rows];
    try (Statement select = connection.createStatement();
        ResultSet each =
            select.executeQuery(
                "SELECT coalesce(try_cast(%s AS DOUBLE), 'nan'::DOUBLE) FROM t".formatted(c))) {
      for (int i = 0; each.next(); i++) {
        values[i] = each.getDouble(1);
        if (Double.isInfinite(values[i])) {
          throw new UserException(
              "%s: column '%s', row %d is infinite; correct it or leave it empty"
                  .formatted(file, name, i + 1));
        }
      }
    }
    return new Column.Numbers(name, values);
  }

  private Column words(String name, String c, int rows) throws SQLException {
    int[] codes = new int[rows];
    Map<String, Integer> seen = new LinkedHashMap<>();
    try (Statement select = connection.createStatement();
        ResultSet each = select.executeQuery("SELECT %s::VARCHAR FROM t".formatted(c))) {
      for (int i = 0; each.next(); i++) {
        String word = each.getString(1);
        codes[i] =
            word == null || word.isBlank()
                ? -1
                : seen.computeIfAbsent(word.strip(), _ -> seen.size());
      }
    }
    List<String> levels = new ArrayList<>(seen.keySet());
    levels.sort(order(levels));
    Map<String, Integer> places = new LinkedHashMap<>();
    levels.forEach(level -> places.put(level, places.size()));
    int[] sorted = seen.keySet().stream().mapToInt(places::get).toArray();
    for (int i = 0; i < rows; i++) {
      codes[i] = codes[i] < 0 ? -1 : sorted[codes[i]];
    }
    return new Column.Categories(name, levels, codes);
  }

  /** By number if all are numbers, else by letters. */
  static Comparator<String> order(List<String> levels) {
    try {
      levels.forEach(Double::parseDouble);
      return Comparator.comparingDouble(Double::parseDouble);
    } catch (NumberFormatException e) {
      return Comparator.naturalOrder();
    }
  }

  private UserException mixture(String name, String c, long words) throws SQLException {
    String query =
        "SELECT rowid + 1, %s::VARCHAR FROM t WHERE %s IS NOT NULL AND try_cast(%s::VARCHAR AS DOUBLE) IS NULL LIMIT 1"
            .formatted(c, c, c);
    try (Statement select = connection.createStatement();
        ResultSet first = select.executeQuery(query)) {
      first.next();
      return new UserException(
          ("%s: column '%s' holds numbers, but row %d is '%s' (%d such rows): correct them, name the"
                  + " text as a mark of missing values, or name the column as categories")
              .formatted(file, name, first.getLong(1), first.getString(2), words));
    }
  }

  private static boolean structureIsBroken(SQLException e) {
    return String.valueOf(e.getMessage()).contains("state machine reached an invalid state");
  }

  private static String firstSentence(SQLException e) {
    String message = String.valueOf(e.getMessage());
    String line = message.lines().limit(3).collect(Collectors.joining(" "));
    return line.length() > 300 ? line.substring(0, 300) + " …" : line;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
