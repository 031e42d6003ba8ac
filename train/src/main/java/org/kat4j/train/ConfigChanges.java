package org.kat4j.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import tools.jackson.databind.JsonNode;

/**
 * What was edited in {@code config.yaml} since a checkpoint was made.
 *
 * @param allowed edits that a run can go on with
 * @param refused edits after which the checkpoint would mean something else
 */
record ConfigChanges(List<String> allowed, List<String> refused) {
  /** Keys, and beginnings of keys, that a run may go on with when they change. */
  private static final List<String> MAY_CHANGE =
      List.of(
          "schedule.",
          "optimizer.lr",
          "optimizer.weightDecay",
          "task.labelSmoothing",
          "clipNorm",
          "patience",
          "clipMode",
          "device",
          "threads",
          "loaderThreads",
          "checkpointSeconds",
          "task.data.maxBroken");

  ConfigChanges {
    allowed = List.copyOf(allowed);
    refused = List.copyOf(refused);
  }

  /**
   * Compares two configurations as trees. A key that one of them does not have is no edit: it is of
   * another version, or belongs to a kind whose change is seen itself.
   */
  static ConfigChanges between(JsonNode then, JsonNode now) {
    SequencedMap<String, String> before = flat(then);
    Map<String, String> after = flat(now);
    List<String> allowed = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    before.forEach((key, value) -> {
      String other = after.getOrDefault(key, value);
      if (!other.equals(value)) {
        (mayChange(key) ? allowed : refused).add("%s: %s -> %s".formatted(key, value, other));
      }
    });
    return new ConfigChanges(allowed, refused);
  }

  private static boolean mayChange(String key) {
    return MAY_CHANGE.stream()
        .anyMatch(allowed -> allowed.endsWith(".") ? key.startsWith(allowed) : key.equals(allowed));
  }

  private static SequencedMap<String, String> flat(JsonNode tree) {
    SequencedMap<String, String> values = new LinkedHashMap<>();
    flatten("", tree, values);
    return values;
  }

  private static void flatten(String key, JsonNode node, Map<String, String> into) {
    if (node.isObject()) {
      node.properties()
          .forEach(child ->
              flatten(
                  key.isEmpty() ? child.getKey() : key + "." + child.getKey(),
                  child.getValue(),
                  into));
    } else {
      into.put(key, node.isString() ? node.stringValue() : node.toString());
    }
  }
}
