package org.kat4j.model;

import java.util.List;
import org.kat4j.config.Config;

/**
 * Names of classes as one text of the metadata: a JSON list, so that any name works. Older files
 * have one a line.
 */
public final class ClassNames {
  private ClassNames() {}

  /** The text for these names. */
  public static String toText(List<String> names) {
    return Config.toJson(names);
  }

  /** The names of a text, in either form. */
  public static List<String> fromText(String text) {
    return Config.texts(text).orElseGet(() -> List.of(text.split("\n", -1)));
  }
}
