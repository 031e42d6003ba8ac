package org.kat4j.data.text;

import java.util.List;
import java.util.function.Consumer;

/**
 * A part of a text: what is learnt from, or what is judged by.
 *
 * @param name such as "tiny-shakespeare, validation"
 * @param files its bytes, in order
 * @param checksum SHA-256 of them, in lower-case hexadecimal
 */
public record TextPart(String name, List<TextFile> files, String checksum) {
  /** Characters of a piece: tokenizers keep much for each. */
  private static final int PIECE = 1 << 16;

  public TextPart {
    files = List.copyOf(files);
  }

  /** Length in bytes of UTF-8. */
  public long bytes() {
    return files.stream().mapToLong(TextFile::bytes).sum();
  }

  /**
   * Hands out the text in pieces that can be encoded one by one. They end before a line break after
   * a letter or digit, where the usual tokenizers separate words whatever stands around them.
   */
  public void forEachPiece(Consumer<String> piece) {
    for (TextFile file : files) {
      StringBuilder waiting = new StringBuilder(2 * PIECE);
      file.forEachBlock((block, _) -> {
        waiting.append(block);
        while (waiting.length() >= PIECE) {
          int end = end(waiting);
          piece.accept(waiting.substring(0, end));
          waiting.delete(0, end);
        }
      });
      if (!waiting.isEmpty()) {
        piece.accept(waiting.toString());
      }
    }
  }

  /** Where a piece may end: at best between a word and a line break, else before a blank. */
  private static int end(StringBuilder text) {
    int blank = -1;
    for (int i = text.length() - 1; i > 0; i--) {
      boolean afterWord = Character.isLetterOrDigit(text.charAt(i - 1));
      if (afterWord && text.charAt(i) == '\n') {
        return i;
      }
      if (afterWord && blank < 0 && text.charAt(i) == ' ') {
        blank = i;
      }
    }
    if (blank > 0) {
      return blank;
    }
    boolean cutsPair = Character.isHighSurrogate(text.charAt(text.length() - 1));
    return cutsPair ? text.length() - 1 : text.length();
  }
}
