package org.kat4j.tables;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.kat4j.error.UserException;

/**
 * The text in a file: unpacked if it is gzipped, decoded by its byte order mark, else as UTF-8.
 *
 * @param charset that it is read in
 * @param said for a note; empty if it is UTF-8
 */
record TextFile(Path file, Charset charset, String said) {
  private static final int START = 64;
  private static final Charset WESTERN = Charset.forName("windows-1252");

  /** What other files begin with, and what can be done. */
  private static final Map<String, String> OTHERS =
      Map.ofEntries(
          Map.entry(
              "PK\3\4",
              "a zip archive (.xlsx and .ods are such): save the sheet as CSV, or unpack it"),
          Map.entry("\u00D0\u00CF\u0011\u00E0", "an old Excel workbook: save the sheet as CSV"),
          Map.entry("BZh", "packed by bzip2: unpack it first, or pack it by gzip"),
          Map.entry("\u00FD7zXZ\0", "packed by xz: unpack it first, or pack it by gzip"),
          Map.entry(
              "\u0028\u00B5\u002F\u00FD", "packed by zstd: unpack it first, or pack it by gzip"),
          Map.entry("7z\u00BC\u00AF", "a 7z archive: unpack it first"),
          Map.entry("PAR1", "a Parquet file: name it .parquet"),
          Map.entry("ARROW1", "an Arrow or Feather file: save it as Parquet or CSV"),
          Map.entry("\u0093NUMPY", "an array of NumPy: save it as CSV"),
          Map.entry("\u0089HDF", "an HDF5 file: save the table as Parquet or CSV"),
          Map.entry("SQLite format 3", "an SQLite database: export the table as CSV"),
          Map.entry("%PDF", "a PDF: a table is a text file of cells"),
          Map.entry("<!DOCTYPE", "a web page: download the file itself"),
          Map.entry("<html", "a web page: download the file itself"),
          Map.entry("<?xml", "XML: save the table as CSV"),
          Map.entry(
              "version https://git-lfs",
              "a Git LFS pointer: fetch the file itself by git lfs pull"));

  static TextFile of(Path file) throws IOException {
    try (InputStream bytes = unpacked(file)) {
      byte[] start = bytes.readNBytes(START);
      String latin = new String(start, StandardCharsets.ISO_8859_1);
      OTHERS.forEach((mark, what) -> {
        if (latin.regionMatches(true, 0, mark, 0, mark.length())) {
          throw new UserException("this is " + what);
        }
      });
      if (latin.startsWith("\u00FF\u00FE") || alternating(start, 1)) {
        return new TextFile(file, StandardCharsets.UTF_16LE, "UTF-16");
      }
      if (latin.startsWith("\u00FE\u00FF") || alternating(start, 0)) {
        return new TextFile(file, StandardCharsets.UTF_16BE, "UTF-16");
      }
      return new TextFile(file, StandardCharsets.UTF_8, "");
    }
  }

  /** The same in the encoding of western Windows, for a file that is not UTF-8. */
  TextFile western() {
    return new TextFile(file, WESTERN, "Windows-1252, since it is not UTF-8");
  }

  /** ASCII in UTF-16 without its mark: every other byte is 0. */
  private static boolean alternating(byte[] start, int first) {
    int zeros = 0;
    for (int i = first; i < start.length; i += 2) {
      zeros += start[i] == 0 ? 1 : 0;
    }
    return start.length >= 4 && zeros >= start.length / 2 * 3 / 4;
  }

  private static InputStream unpacked(Path file) throws IOException {
    InputStream bytes = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    bytes.mark(2);
    byte[] two = bytes.readNBytes(2);
    bytes.reset();
    return Arrays.equals(two, new byte[] {0x1f, (byte) 0x8b})
        ? new BufferedInputStream(new GZIPInputStream(bytes, 1 << 16), 1 << 16)
        : bytes;
  }

  /**
   * The text without its byte order mark. Reading throws {@link
   * java.nio.charset.CharacterCodingException} at what is not in the encoding.
   */
  BufferedReader open() throws IOException {
    var decoder =
        charset
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(
                charset.equals(WESTERN) ? CodingErrorAction.REPLACE : CodingErrorAction.REPORT);
    BufferedReader text =
        new BufferedReader(new InputStreamReader(unpacked(file), decoder), 1 << 16);
    text.mark(1);
    if (text.read() != 0xfeff) {
      text.reset();
    }
    return text;
  }
}
