package org.kat4j.tokenizers;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.kat4j.data.Sha256;
import org.kat4j.data.text.Tokenizer;
import org.kat4j.data.text.Utf8;
import org.kat4j.error.UserException;

/** A tokenizer of Hugging Face. */
final class Subwords implements Tokenizer {
  private final HuggingFaceTokenizer library;
  private final TokenizerFile file;
  private final Map<String, String> metadata;
  private final String checksum;

  Subwords(
      HuggingFaceTokenizer library, TokenizerFile file, String json, Map<String, String> metadata) {
    this.library = library;
    this.file = file;
    this.metadata = Map.copyOf(metadata);
    this.checksum =
        HexFormat.of().formatHex(Sha256.start().digest(json.getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public String describe() {
    return "%s, %,d ids".formatted(file.kind(), file.vocabulary());
  }

  @Override
  public int vocabulary() {
    return file.vocabulary();
  }

  @Override
  public int[] encode(String text) {
    String whole = Utf8.checked(text);
    try {
      long[] ids = library.encode(whole, false, false).getIds();
      return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    } catch (RuntimeException refused) { // such as a token for the unknown that is not there
      throw new UserException(
          "the tokenizer cannot encode the text: " + refused.getMessage(), refused);
    }
  }

  @Override
  public String decode(int... ids) {
    for (int id : ids) {
      Objects.checkIndex(id, file.vocabulary());
    }
    return ids.length == 0
        ? ""
        : library.decode(Arrays.stream(ids).asLongStream().toArray(), false);
  }

  @Override
  public OptionalInt end() {
    return file.end();
  }

  @Override
  public String checksum() {
    return checksum;
  }

  @Override
  public Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public void close() {
    library.close();
  }
}
