package org.kat4j.data.text;

import java.util.Map;
import org.kat4j.error.UserException;

/** Reads a {@code tokenizer.json}; found by {@link java.util.ServiceLoader}. */
public interface SubwordLibrary {
  /**
   * A tokenizer from the content of its file.
   *
   * @param json the content
   * @param metadata what its {@link Tokenizer#metadata()} gives
   * @param source where the content comes from, for errors
   * @throws UserException if it is none
   */
  Tokenizer read(String json, Map<String, String> metadata, String source);
}
