package org.kat4j.tables;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.function.Consumer;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/**
 * Reads a table from CSV, TSV or JSON (also gzipped) or Parquet.
 *
 * <p>A column holds numbers if every value is one, words if none is; a mixture is an error unless
 * {@link Reading#categories} says that it holds words. What is decided about a file beyond that is
 * said in notes.
 */
public final class TableReader {
  private TableReader() {}

  /** The same without hearing what was decided. */
  public static Table read(Path file, Reading reading) {
    return read(file, reading, _ -> {});
  }

  /**
   * The table in a file.
   *
   * @param notes hears of what was decided, one line each
   * @throws UserException if the file is missing, damaged, empty, too large, or a column is a
   *     mixture of numbers and words
   */
  public static Table read(Path file, Reading reading, Consumer<String> notes) {
    if (!Files.isRegularFile(file)) {
      throw new UserException(
          "%s: no such file; a table is a .csv, .tsv, .parquet or .json file".formatted(file));
    }
    try {
      String lower = file.getFileName().toString().toLowerCase(Locale.ROOT);
      return lower.endsWith(".parquet") || lower.endsWith(".pq")
          ? ParquetTable.read(file, reading, notes)
          : ofText(file, lower.replaceFirst("\\.gz$", ""), reading, notes);
    } catch (IOException e) {
      throw new UserException("%s cannot be read: %s".formatted(file, AtomicFile.reason(e)), e);
    } catch (UserException e) {
      throw new UserException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * The version of DuckDB, which reads Parquet.
   *
   * @throws UserException if its library cannot be unpacked or loaded here
   */
  public static String duckVersion() {
    try (Connection duck = DuckLibrary.connect(new Properties())) {
      return duck.getMetaData().getDatabaseProductVersion();
    } catch (SQLException e) {
      throw new UserException("DuckDB does not start: " + e.getMessage(), e);
    }
  }

  private static Table ofText(Path file, String name, Reading reading, Consumer<String> notes)
      throws IOException {
    TextFile text = TextFile.of(file);
    List<String> heard = new ArrayList<>(); // a second look would say everything twice
    Table table;
    try {
      table = read(text, name, reading, heard::add);
    } catch (CharacterCodingException e) {
      heard.clear();
      text = text.western();
      table = read(text, name, reading, heard::add);
    }
    if (!text.said().isEmpty()) {
      notes.accept("read as " + text.said());
    }
    heard.forEach(notes);
    return table;
  }

  private static Table read(TextFile text, String name, Reading reading, Consumer<String> notes)
      throws IOException {
    boolean json = name.endsWith(".json") || name.endsWith(".jsonl") || name.endsWith(".ndjson");
    return json ? JsonTable.read(text, reading, notes) : TextTable.read(text, reading, notes);
  }
}
