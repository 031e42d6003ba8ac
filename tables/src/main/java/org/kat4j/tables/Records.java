package org.kat4j.tables;

import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;

/**
 * The records of a text table one after the other, as RFC 4180 has them: a cell in quotes may hold
 * separators, line breaks and, doubled, quotes. Lines end in LF, CR LF or CR.
 */
final class Records {
  /** Where a DOS file ends. */
  private static final int END_MARK = 0x1a;

  private static final int LONGEST = 1 << 20;

  private final Reader text;
  private final char separator;
  private final char[] buffer = new char[1 << 16];
  private int from;
  private int to;
  private final StringBuilder cell = new StringBuilder();
  private int before;
  private int next;
  private long line = 1;
  private long start;
  private boolean quoted;

  Records(Reader text, char separator) throws IOException {
    this.text = text;
    this.separator = separator;
    next = read();
  }

  /** The number of the line in which the last record starts. */
  long line() {
    return start;
  }

  /** Whether the last record is a line without text. */
  static boolean isBlank(List<String> record) {
    return record.size() == 1 && record.getFirst().isEmpty();
  }

  /**
   * The next record's cells without the blanks around them; null at the end.
   *
   * @throws UserException if a quote is not closed or text follows a closing one
   */
  @Nullable List<String> next() throws IOException {
    if (next < 0) {
      return null;
    }
    start = line;
    List<String> cells = new ArrayList<>();
    while (true) {
      cells.add(cell());
      if (next == separator) {
        advance();
        continue;
      }
      if (next == '\r') {
        advance();
        if (next == '\n') {
          advance();
        }
      } else if (next == '\n') {
        advance();
      }
      return cells;
    }
  }

  private String cell() throws IOException {
    cell.setLength(0);
    quoted = false;
    boolean closed = false;
    long opened = line;
    while (next >= 0 && (quoted || next != separator && next != '\n' && next != '\r')) {
      int c = next;
      advance();
      if (quoted && c == '"' && next == '"') {
        add('"');
        advance();
      } else if (quoted && c == '"') {
        quoted = false;
        closed = true;
      } else if (!quoted && !closed && c == '"' && isBlank(cell)) {
        cell.setLength(0);
        quoted = true;
        opened = line;
      } else if (!closed) {
        if (c != END_MARK || next >= 0) {
          add((char) c);
        }
      } else if (!isBlank(c)) {
        throw new UserException(
            "line %d has text behind a closing quote; a quote inside quotes is doubled"
                .formatted(line));
      }
    }
    if (quoted) {
      throw new UserException("a quote that opens in line %d is not closed".formatted(opened));
    }
    return stripped();
  }

  private void add(char c) {
    if (cell.length() == LONGEST) {
      throw new UserException("line %d has a cell longer than 1 MiB: not a table".formatted(line));
    }
    cell.append(c);
  }

  private void advance() throws IOException {
    line += next == '\r' || next == '\n' && before != '\r' ? 1 : 0;
    before = next;
    next = read();
  }

  /** The next character; -1 at the end. */
  private int read() throws IOException {
    if (from == to) {
      from = 0;
      to = text.read(buffer);
      if (to <= 0) {
        to = 0;
        return -1;
      }
    }
    return buffer[from++];
  }

  private String stripped() {
    int from = 0;
    int to = cell.length();
    while (from < to && isBlank(cell.charAt(from))) {
      from++;
    }
    while (from < to && isBlank(cell.charAt(to - 1))) {
      to--;
    }
    return cell.substring(from, to);
  }

  private static boolean isBlank(CharSequence text) {
    return text.chars().allMatch(Records::isBlank);
  }

  /** Blanks of every width, and marks without any. */
  private static boolean isBlank(int c) {
    return Character.isWhitespace(c)
        || Character.isSpaceChar(c)
        || c == 0x200b
        || c == 0xfeff
        || c == 0;
  }
}
