package org.kat4j.data.text;

import java.util.Map;
import java.util.OptionalInt;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;

/**
 * Turns text into numbers and back: ids from 0 to {@link #vocabulary()} - 1.
 *
 * <p>May be used by several threads at once.
 */
public interface Tokenizer extends AutoCloseable {
  /** The key in the metadata of weights under which the kind of tokenizer stands. */
  String METADATA = "kat4j.tokenizer";

  /** How a tokenizer is chosen: the value of {@code tokenizer} in YAML. */
  sealed interface Spec permits ByteTokenizer.Spec, CharacterTokenizer.Spec, SubwordTokenizer.Spec {
    /**
     * The tokenizer for a text.
     *
     * @throws UserException if what it is made of is missing or damaged
     */
    Tokenizer open(Text text);

    /**
     * The tokenizer that wrote this metadata.
     *
     * @param source named in errors
     * @throws UserException if the metadata is damaged
     */
    Tokenizer restored(Map<String, String> metadata, String source);
  }

  /** What it is, in a few words. */
  String describe();

  /** How many ids there are. */
  int vocabulary();

  /**
   * The ids of a text, without tokens for its beginning and end.
   *
   * @throws UserException if the text has something that the tokenizer has no id for
   */
  int[] encode(String text);

  /**
   * The text of ids. A character whose bytes are not all there becomes U+FFFD: use {@link
   * StreamingDecoder} for ids that arrive one by one.
   */
  String decode(int... ids);

  /** The id that ends a text, if it has one. */
  default OptionalInt end() {
    return OptionalInt.empty();
  }

  /** SHA-256 of all that ids depend on, in lower-case hexadecimal. */
  String checksum();

  /** Everything that {@link #restored} needs, for the metadata of weights. */
  Map<String, String> metadata();

  /** Frees what lies outside the Java heap. */
  @Override
  default void close() {}

  /** Whether this metadata has a tokenizer in it. */
  static boolean isIn(Map<String, String> metadata) {
    return metadata.containsKey(METADATA);
  }

  /**
   * The tokenizer that wrote this metadata.
   *
   * @param source named in errors: the file with the metadata
   * @throws UserException if there is none, or it is damaged
   */
  static Tokenizer restored(Map<String, String> metadata, String source) {
    String spec = metadata.get(METADATA);
    if (spec == null) {
      throw new UserException(
          source + ": no tokenizer in it: these are not the weights of a language model of kat4j");
    }
    return Config.fromJson(spec, Spec.class, source).restored(metadata, source);
  }
}
