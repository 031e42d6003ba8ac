package org.kat4j.tokenizers;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.kat4j.data.text.SubwordLibrary;
import org.kat4j.data.text.Tokenizer;
import org.kat4j.error.UserException;

/**
 * Reads a {@code tokenizer.json} with the tokenizers library of Hugging Face, through its binding
 * in DJL, whose natives for the usual systems lie in one jar.
 */
public final class HuggingFaceLibrary implements SubwordLibrary {
  /** What the file says about cutting and filling is for batches of sentences. */
  private static final Map<String, String> OPTIONS =
      Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

  static {
    setUnlessGiven("ai.djl.offline", "true"); // else it asks addresses on the network, and fetches
    setUnlessGiven("RUST_FLAVOR", "cpu"); // the flavour in the jar; the others are for its models
    setUnlessGiven("slf4j.internal.verbosity", "ERROR"); // else it complains that nobody logs
  }

  private static void setUnlessGiven(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  @Override
  public Tokenizer read(String json, Map<String, String> metadata, String source) {
    TokenizerFile file = TokenizerFile.parse(json, source);
    try (var bytes = new ByteArrayInputStream(file.json().getBytes(StandardCharsets.UTF_8))) {
      return new Subwords(HuggingFaceTokenizer.newInstance(bytes, OPTIONS), file, json, metadata);
    } catch (IOException | RuntimeException refused) {
      throw new UserException(
          "%s: not read as a tokenizer: %s; take another copy of the file"
              .formatted(source, refused.getMessage()),
          refused);
    } catch (LinkageError absent) {
      throw new UserException(
          "the tokenizers library has nothing for this system (%s, %s): take the tokenizer 'bytes'"
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch")),
          absent);
    }
  }
}
