package org.kat4j.data.text;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.ServiceLoader;
import org.kat4j.config.Config;
import org.kat4j.config.Kind;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/**
 * Parts of words as ids, as a {@code tokenizer.json} of Hugging Face describes them: byte pairs and
 * all else that this format knows.
 *
 * <p>What reads the file is a {@link SubwordLibrary} of an optional module. The file's content
 * travels in the metadata of weights, so that a text can be generated from the weights alone.
 */
public final class SubwordTokenizer {
  private static final String FILE_NAME = "tokenizer.json";
  private static final String CONTENT = Tokenizer.METADATA + ".json";

  /** Of the files in use the largest has 33 MB; weights may hold 100 MB of metadata. */
  private static final int MOST_BYTES = 64 << 20;

  private SubwordTokenizer() {}

  /**
   * Parts of words, from a file.
   *
   * @param file a {@code tokenizer.json}, or a folder of Hugging Face with one in it
   */
  @Kind("bpe")
  public record Spec(String file) implements Tokenizer.Spec {
    public static Spec example() {
      return new Spec(FILE_NAME);
    }

    @Override
    public Tokenizer open(Text text) {
      return ofFile(file);
    }

    @Override
    public Tokenizer restored(Map<String, String> metadata, String source) {
      String content = metadata.get(CONTENT);
      if (content == null) {
        throw new UserException(
            source + ": the content of its tokenizer is missing; take another copy of the file");
      }
      return library().read(content, described(content), source);
    }

    private Map<String, String> described(String content) {
      return Map.of(Tokenizer.METADATA, Config.toJson(this), CONTENT, content);
    }
  }

  /**
   * The tokenizer of a file.
   *
   * @param file a {@code tokenizer.json}, or a folder with one in it
   * @throws UserException if it is missing or damaged, or the module that reads it is
   */
  public static Tokenizer ofFile(String file) {
    File given = new File(file); // not Path.of, which throws on characters that no path can have
    Path path = (given.isDirectory() ? new File(given, FILE_NAME) : given).toPath();
    String content = content(path);
    return library().read(content, new Spec(file).described(content), path.toString());
  }

  private static String content(Path path) {
    try {
      if (!Files.isRegularFile(path)) {
        throw new UserException(
            path + ": there is no such file: give a tokenizer.json or a folder with one in it");
      }
      if (Files.size(path) > MOST_BYTES) {
        throw new UserException(
            "%s: larger than a tokenizer can be (%d MiB)".formatted(path, MOST_BYTES >> 20));
      }
      return Utf8.text(Files.readAllBytes(path), path.toString());
    } catch (IOException failed) {
      throw new UserException(path + ": " + AtomicFile.reason(failed), failed);
    }
  }

  private static SubwordLibrary library() {
    return ServiceLoader.load(SubwordLibrary.class, SubwordLibrary.class.getClassLoader())
        .findFirst()
        .orElseThrow(() ->
            new UserException(
                "the tokenizer 'bpe' needs the module kat4j-tokenizers, which is not on the class path: add it, or take the tokenizer 'bytes'"));
  }
}
