package org.kat4j.torch;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.kat4j.torch.Pickled.StoredTensor;

/**
 * The dictionaries of tensors in a checkpoint, by the dotted path to each; "" is the checkpoint
 * itself.
 */
final class Dictionaries {
  /** What timm takes first, then other names of averages and of whole models. */
  private static final List<String> PREFERRED =
      List.of(
          "state_dict_ema",
          "model_ema",
          "ema_state_dict",
          "ema",
          "state_dict",
          "model",
          "model_state_dict",
          "teacher",
          "net");

  private static final int DEPTH = 3;
  private static final int LONGEST = 100; // of a name: paths repeat those above them

  private final SequencedMap<String, Map<?, ?>> all = new LinkedHashMap<>();

  Dictionaries(Map<?, ?> root) {
    // Each once: a dictionary may hold itself.
    collect(root, "", 0, Collections.newSetFromMap(new IdentityHashMap<>()));
  }

  private void collect(Map<?, ?> dictionary, String path, int depth, Set<Object> seen) {
    if (depth > DEPTH || !seen.add(dictionary)) {
      return;
    }
    if (tensors(dictionary) > 0) {
      all.put(path, dictionary);
    }
    dictionary.forEach((key, value) -> {
      if (key instanceof String name
          && name.length() < LONGEST
          && value instanceof Map<?, ?> inner) {
        collect(inner, path.isEmpty() ? name : path + "." + name, depth + 1, seen);
      }
    });
  }

  private static long tensors(Map<?, ?> dictionary) {
    return dictionary.values().stream().filter(StoredTensor.class::isInstance).count();
  }

  /** Their paths, in the order of the file. */
  List<String> paths() {
    return new ArrayList<>(all.keySet());
  }

  Map<?, ?> at(String path) {
    return all.getOrDefault(path, Map.of());
  }

  /**
   * The one that holds the weights: the first preferred name among those with at least half as many
   * tensors as the largest, else the largest.
   */
  String usual() {
    long most = all.values().stream().mapToLong(Dictionaries::tensors).max().orElse(0);
    List<String> large =
        all.keySet().stream().filter(path -> 2 * tensors(at(path)) >= most).toList();
    for (String name : PREFERRED) {
      for (String path : large) {
        if (path.equals(name) || path.startsWith(name + ".")) {
          return path;
        }
      }
    }
    return large.stream().filter(path -> tensors(at(path)) == most).findFirst().orElse("");
  }
}
