package org.kat4j.tables;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Text files of which some lines end in CR LF and others in LF, which DuckDB does not take. */
final class LineEnds {
  private LineEnds() {}

  /** Whether a file has both. */
  static boolean mixed(Path file) throws IOException {
    boolean carriageReturns = false;
    boolean bare = false;
    int before = 0;
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      for (int c = in.read(); c >= 0 && !(carriageReturns && bare); c = in.read()) {
        if (c == '\n') {
          carriageReturns |= before == '\r';
          bare |= before != '\r';
        }
        before = c;
      }
    }
    return carriageReturns && bare;
  }

  /** Copies a file with LF in place of CR LF, within quotes too. */
  static void copyWithLineFeeds(Path file, Path to) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file));
        OutputStream out = new BufferedOutputStream(Files.newOutputStream(to))) {
      for (int c = in.read(); c >= 0; ) {
        int next = in.read();
        if (c != '\r' || next != '\n') {
          out.write(c);
        }
        c = next;
      }
    }
  }
}
