package org.kat4j.data.text;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.Objects;
import org.kat4j.config.Config;
import org.kat4j.config.Kind;
import org.kat4j.error.OneLine;
import org.kat4j.error.UserException;

/**
 * The characters of a text as ids, numbered in the order of their code points.
 *
 * <p>They are collected from all parts of the text, as nanoGPT does it: 65 for tiny Shakespeare.
 */
public final class CharacterTokenizer implements Tokenizer {
  private static final String VOCABULARY = METADATA + ".vocabulary";

  /** Characters of the text. */
  @Kind("characters")
  public record Spec() implements Tokenizer.Spec {
    public static Spec example() {
      return new Spec();
    }

    @Override
    public Tokenizer open(Text text) {
      BitSet seen = new BitSet();
      text.parts()
          .forEach(part -> part.forEachPiece(piece -> piece.codePoints().forEach(seen::set)));
      return new CharacterTokenizer(seen.stream().toArray());
    }

    @Override
    public Tokenizer restored(Map<String, String> metadata, String source) {
      int[] points = metadata.getOrDefault(VOCABULARY, "").codePoints().toArray();
      int[] sorted = Arrays.stream(points).sorted().distinct().toArray();
      if (points.length == 0 || !Arrays.equals(points, sorted)) {
        throw new UserException(
            source
                + ": the characters of its tokenizer are damaged; take another copy of the file");
      }
      return new CharacterTokenizer(points);
    }
  }

  private final int[] alphabet;

  private CharacterTokenizer(int[] alphabet) {
    this.alphabet = alphabet;
  }

  @Override
  public String describe() {
    return "%,d characters".formatted(alphabet.length);
  }

  @Override
  public int vocabulary() {
    return alphabet.length;
  }

  @Override
  public int[] encode(String text) {
    int[] ids = Utf8.checked(text).codePoints().toArray();
    for (int i = 0; i < ids.length; i++) {
      int id = Arrays.binarySearch(alphabet, ids[i]);
      if (id < 0) {
        throw new UserException(
            "the character '%s' (U+%04X) is not among the %,d that the tokenizer knows: leave it out"
                .formatted(OneLine.of(Character.toString(ids[i])), ids[i], alphabet.length));
      }
      ids[i] = id;
    }
    return ids;
  }

  @Override
  public String decode(int... ids) {
    StringBuilder text = new StringBuilder(ids.length);
    for (int id : ids) {
      text.appendCodePoint(alphabet[Objects.checkIndex(id, alphabet.length)]);
    }
    return text.toString();
  }

  @Override
  public String checksum() {
    return Utf8.sha256("characters " + characters());
  }

  @Override
  public Map<String, String> metadata() {
    return Map.of(METADATA, Config.toJson(new Spec()), VOCABULARY, characters());
  }

  private String characters() {
    return new String(alphabet, 0, alphabet.length);
  }
}
