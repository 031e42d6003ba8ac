package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.kat4j.config.Config;
import org.kat4j.explain.page.Table;
import org.kat4j.train.TrainConfig;
import tools.jackson.databind.JsonNode;

/** Where configurations differ, key by key. */
final class Differences {
  private static final String ABSENT = "";

  private Differences() {}

  /** A row for each key whose value is not the same in all of them. */
  static Table of(List<String> names, List<TrainConfig> configs) {
    List<Map<String, String>> flat = configs.stream().map(Differences::flat).toList();
    Set<String> keys = new LinkedHashSet<>();
    flat.forEach(config -> keys.addAll(config.keySet()));
    var rows = new ArrayList<List<String>>();
    for (String key : keys) {
      List<String> values = flat.stream().map(one -> one.getOrDefault(key, ABSENT)).toList();
      if (values.stream().distinct().count() > 1) {
        rows.add(row(key, values));
      }
    }
    return new Table(row("key", names), rows);
  }

  private static List<String> row(String first, List<String> others) {
    var row = new ArrayList<String>();
    row.add(first);
    row.addAll(others);
    return row;
  }

  private static Map<String, String> flat(TrainConfig config) {
    var values = new LinkedHashMap<String, String>();
    flatten("", Config.parse(Config.toJson(config), "configuration"), values);
    return values;
  }

  private static void flatten(String key, JsonNode node, Map<String, String> into) {
    if (node.isObject()) {
      node.properties()
          .forEach(e ->
              flatten(key.isEmpty() ? e.getKey() : key + "." + e.getKey(), e.getValue(), into));
    } else {
      into.put(
          key, Objects.requireNonNullElse(node.isArray() ? node.toString() : node.asString(), ""));
    }
  }
}
