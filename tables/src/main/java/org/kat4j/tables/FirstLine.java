package org.kat4j.tables;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.kat4j.error.UserException;

/**
 * What the first line of a text table says: the character between cells, and the cells.
 *
 * @param delimiter comma, semicolon, tab or bar
 * @param cells the line's, quotes removed
 */
record FirstLine(char delimiter, List<String> cells) {
  private static final int MAX_LENGTH = 1 << 20;
  private static final char[] DELIMITERS = {',', ';', '\t', '|'};
  private static final Pattern NUMBER =
      Pattern.compile("\\s*[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?\\s*");

  static FirstLine of(Path file) {
    String line = read(file);
    char delimiter = ',';
    long most = 0;
    for (char candidate : DELIMITERS) {
      long count = line.chars().filter(c -> c == candidate).count();
      if (count > most) {
        most = count;
        delimiter = candidate;
      }
    }
    return new FirstLine(delimiter, split(line, delimiter, file));
  }

  /** Whether the cells are names: none is a number, none is empty. */
  boolean holdsNames() {
    return cells.stream().noneMatch(cell -> cell.isBlank() || NUMBER.matcher(cell).matches());
  }

  private static String read(Path file) {
    try (InputStream bytes = Files.newInputStream(file);
        InputStream plain =
            file.getFileName().toString().endsWith(".gz") ? new GZIPInputStream(bytes) : bytes;
        var text = new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8))) {
      StringBuilder line = new StringBuilder();
      for (int c = text.read(); c >= 0 && c != '\n' && c != '\r'; c = text.read()) {
        if (line.length() == MAX_LENGTH) {
          throw new UserException(file + ": the first line is longer than 1 MiB: not a table");
        }
        line.append((char) c);
      }
      String first = line.toString().replace("\uFEFF", "");
      if (first.isBlank()) {
        throw new UserException(
            file + ": the first line is empty; a table starts with names or values");
      }
      return first;
    } catch (IOException e) {
      throw new UserException("%s cannot be read: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static List<String> split(String line, char delimiter, Path file) {
    List<String> cells = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    boolean quoted = false;
    for (char c : line.toCharArray()) {
      if (c == '"') {
        quoted = !quoted;
      } else if (c == delimiter && !quoted) {
        cells.add(cell.toString().strip());
        cell.setLength(0);
      } else {
        cell.append(c);
      }
    }
    if (quoted) {
      throw new UserException(file + ": the first line has an opening quote without a closing one");
    }
    cells.add(cell.toString().strip());
    return cells;
  }
}
