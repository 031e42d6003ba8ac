package org.kat4j.torch;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.kat4j.error.UserException;

/** Files that lie where weights should: what a download or checkout leaves in their place. */
final class ForeignFile {
  /** Bytes that tell files apart. */
  static final int HEAD = 512;

  /** A file that starts so is something else, and this is what to do. */
  private record Kind(byte[] start, String what) {
    static Kind of(String start, String what) {
      return new Kind(start.getBytes(StandardCharsets.ISO_8859_1), what);
    }
  }

  private static final List<Kind> KINDS =
      List.of(
          Kind.of(
              "version https://git-lfs",
              "a Git LFS pointer, not the weights: fetch them with 'git lfs pull' or download the file itself"),
          Kind.of("\u0089HDF", "an HDF5 file of Keras, which is not read"),
          Kind.of(
              "\u0093NUMPY", "an array of numpy, which is not read: save a dictionary of tensors"),
          Kind.of("GGUF", "a GGUF file, which is not read: take the safetensors of the same model"),
          Kind.of("\u001f\u008b", "compressed with gzip: unpack it first"),
          Kind.of("\u00fd7zXZ", "compressed with xz: unpack it first"),
          Kind.of("BZh", "compressed with bzip2: unpack it first"),
          Kind.of("(\u00b5/\u00fd", "compressed with zstd: unpack it first"));

  private static final String PAGE =
      "a web page, not the weights: download the file itself (on a hub the address has 'resolve', not 'blob')";
  private static final String TEXT = "a text, not the weights: '%s'";
  private static final String PICKLE =
      "a bare pickle, which is not read: torch.save writes the container that is";

  private ForeignFile() {}

  /** Refuses what is known to be no weights, by the first {@link #HEAD} bytes. */
  static void check(Path file, byte[] head) {
    if (isSafetensors(head)) {
      return;
    }
    for (Kind kind : KINDS) {
      if (startsWith(head, kind.start)) {
        throw is(file, kind.what);
      }
    }
    String text = new String(head, StandardCharsets.UTF_8).strip();
    if (text.startsWith("\ufeff")) {
      text = text.substring(1);
    }
    String lower = text.toLowerCase(Locale.ROOT);
    if (lower.startsWith("<!doctype") || lower.startsWith("<html") || lower.startsWith("<?xml")) {
      throw is(file, PAGE);
    }
    if (head.length >= Long.BYTES && isText(head)) {
      throw is(
          file, TEXT.formatted(text.lines().findFirst().orElse("").transform(ForeignFile::cut)));
    }
    if (head.length > 2 && head[0] == (byte) 0x80 && head[1] >= 2 && head[1] <= 5) {
      throw is(file, PICKLE);
    }
  }

  /** A length below 2^32 and an object after it: a length may be the first bytes of other kinds. */
  private static boolean isSafetensors(byte[] head) {
    return head.length > Long.BYTES
        && head[Long.BYTES] == '{'
        && Arrays.equals(head, Integer.BYTES, Long.BYTES, new byte[4], 0, 4);
  }

  private static UserException is(Path file, String what) {
    return new UserException(SafetensorsHeader.printable(file.toString()) + " is " + what);
  }

  private static String cut(String line) {
    return SafetensorsHeader.printable(line.length() > 60 ? line.substring(0, 60) + "…" : line);
  }

  private static boolean startsWith(byte[] bytes, byte[] start) {
    return bytes.length >= start.length
        && Arrays.equals(bytes, 0, start.length, start, 0, start.length);
  }

  /** Neither format starts with eight printable characters: one has a length there. */
  private static boolean isText(byte[] head) {
    for (int i = 0; i < Long.BYTES; i++) {
      boolean printable = head[i] >= ' ' && head[i] < 0x7f;
      if (!printable && head[i] != '\n' && head[i] != '\r' && head[i] != '\t') {
        return false;
      }
    }
    return true;
  }
}
