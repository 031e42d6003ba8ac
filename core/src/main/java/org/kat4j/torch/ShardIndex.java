package org.kat4j.torch;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.regex.Pattern;
import org.kat4j.error.UserException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The index of a model whose tensors lie in several files: {@code weight_map} of {@code
 * model.safetensors.index.json}.
 *
 * @param files names of files beside the index, and the tensors that each has to hold
 */
public record ShardIndex(SequencedMap<String, SequencedSet<String>> files) {
  /** Published models have some hundred at most. */
  private static final int MOST_FILES = 1_000;

  /** No separators, no parent folders, nothing that a terminal or system reads as more. */
  private static final Pattern NAME = Pattern.compile("\\w[\\w.+-]{0,200}\\.(safetensors|bin)");

  /**
   * Checks what an index says.
   *
   * @param source names it in messages
   * @throws UserException where it is no index, or leads out of its folder
   */
  public static ShardIndex of(ObjectNode tree, String source) {
    JsonNode map = tree.path("weight_map");
    if (!map.isObject() || map.isEmpty()) {
      throw wrong(source, "'weight_map' is missing, which names the file of each tensor");
    }
    SequencedMap<String, SequencedSet<String>> files = new LinkedHashMap<>();
    map.properties()
        .forEach(entry ->
            files
                .computeIfAbsent(
                    name(entry.getKey(), entry.getValue(), source), _ -> new LinkedHashSet<>())
                .add(entry.getKey()));
    if (files.size() > MOST_FILES) {
      throw wrong(
          source, "it names %d files, at most %d are read".formatted(files.size(), MOST_FILES));
    }
    return new ShardIndex(files);
  }

  private static String name(String tensor, JsonNode file, String source) {
    String name = file.isString() ? file.asString("") : file.toString();
    if (!file.isString() || !NAME.matcher(name).matches()) {
      throw wrong(
          source,
          "it places tensor '%s' in '%s', which is no plain name of weights in this folder"
              .formatted(tensor, name));
    }
    return name;
  }

  static UserException wrong(String source, String what) {
    return new UserException(
        SafetensorsHeader.printable(source) + ": " + SafetensorsHeader.printable(what));
  }
}
