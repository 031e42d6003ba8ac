package org.kat4j.data.text;

import java.util.Arrays;

/**
 * Text from ids that arrive one by one: each piece is given out once it is certain.
 *
 * <p>A character may be spread over several ids, and what an id means may depend on the one before
 * (a blank that only follows a word). So each piece is decoded together with the piece before it,
 * and waits while it ends in a replacement character. The pieces together are {@link
 * Tokenizer#decode} of all ids.
 */
public final class StreamingDecoder {
  private static final char INCOMPLETE = '\uFFFD';

  private final Tokenizer tokenizer;
  private int[] ids = new int[64]; // of the piece before, then those that wait
  private int given; // how many belong to the piece before
  private int count;

  public StreamingDecoder(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** The text that has become certain with this id; empty if none has. */
  public String add(int id) {
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, 2 * count);
    }
    ids[count++] = id;
    String piece = piece();
    if (piece.isEmpty() || piece.charAt(piece.length() - 1) == INCOMPLETE) {
      return "";
    }
    System.arraycopy(ids, given, ids, 0, count - given); // what is older plays no part
    count -= given;
    given = count;
    return piece;
  }

  /** What is left, with replacement characters for what has no end. */
  public String finish() {
    String piece = piece();
    count = 0;
    given = 0;
    return piece;
  }

  private String piece() {
    String before = tokenizer.decode(Arrays.copyOf(ids, given));
    String all = tokenizer.decode(Arrays.copyOf(ids, count));
    return all.substring(Math.min(before.length(), all.length()));
  }
}
