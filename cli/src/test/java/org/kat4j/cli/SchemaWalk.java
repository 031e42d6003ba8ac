package org.kat4j.cli;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Holds a tree against the words of JSON Schema that kat4j's schema uses. */
record SchemaWalk(JsonNode schema) {
  List<String> mistakes(JsonNode tree) {
    List<String> mistakes = new ArrayList<>();
    check(tree, schema, "", mistakes);
    return mistakes;
  }

  private void check(JsonNode tree, JsonNode rule, String path, List<String> mistakes) {
    for (String word : rule.propertyNames()) {
      JsonNode value = rule.get(word);
      switch (word) {
        case "$ref" -> check(tree, schema.at(value.asString().substring(1)), path, mistakes);
        case "type" -> require(hasType(tree, value), path, tree, rule, mistakes);
        case "const" -> require(tree.equals(value), path, tree, rule, mistakes);
        case "enum" ->
            require(value.valueStream().anyMatch(tree::equals), path, tree, rule, mistakes);
        case "minimum" ->
            require(
                !tree.isNumber() || tree.asDouble() >= value.asDouble(),
                path,
                tree,
                rule,
                mistakes);
        case "exclusiveMinimum" ->
            require(
                !tree.isNumber() || tree.asDouble() > value.asDouble(), path, tree, rule, mistakes);
        case "maximum" ->
            require(
                !tree.isNumber() || tree.asDouble() <= value.asDouble(),
                path,
                tree,
                rule,
                mistakes);
        case "exclusiveMaximum" ->
            require(
                !tree.isNumber() || tree.asDouble() < value.asDouble(), path, tree, rule, mistakes);
        case "pattern" ->
            require(
                !tree.isString() || tree.asString().matches(value.asString()),
                path,
                tree,
                rule,
                mistakes);
        case "required" ->
            value.forEach(key -> require(tree.has(key.asString()), path, tree, rule, mistakes));
        case "anyOf" -> {
          List<String> all = new ArrayList<>();
          boolean any = false;
          for (JsonNode one : value) {
            List<String> own = new ArrayList<>();
            check(tree, one, path, own);
            any |= own.isEmpty();
            all.addAll(own);
          }
          if (!any) {
            mistakes.addAll(all);
          }
        }
        case "properties" ->
            value.propertyNames().stream()
                .filter(tree::has)
                .forEach(key -> check(tree.get(key), value.get(key), path + "/" + key, mistakes));
        case "additionalProperties" ->
            tree.propertyNames()
                .forEach(key ->
                    require(
                        rule.get("properties").has(key), path + "/" + key, tree, value, mistakes));
        case "items" -> tree.forEach(element -> check(element, value, path + "[]", mistakes));
        case "$schema", "$defs", "description", "default" -> {}
        default -> throw new IllegalStateException("no rule for " + word);
      }
    }
  }

  private static boolean hasType(JsonNode tree, JsonNode type) {
    if (type.isArray()) {
      return type.valueStream().anyMatch(one -> hasType(tree, one));
    }
    return switch (type.asString()) {
      case "object" -> tree.isObject();
      case "array" -> tree.isArray();
      case "boolean" -> tree.isBoolean();
      case "integer" -> tree.isIntegralNumber();
      case "number" -> tree.isNumber();
      case "string" -> tree.isString();
      default -> throw new IllegalStateException("no type " + type);
    };
  }

  private static void require(
      boolean holds, String path, JsonNode tree, JsonNode rule, List<String> mistakes) {
    if (!holds) {
      mistakes.add(path + ": " + tree + " against " + rule);
    }
  }
}
