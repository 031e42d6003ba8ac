package org.kat4j.config;

import java.util.HashMap;
import java.util.Map;
import org.kat4j.config.ValueType.Choice;
import org.kat4j.config.ValueType.Group;
import org.kat4j.config.ValueType.ListOf;
import org.kat4j.config.ValueType.Scalar;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON Schema (draft 2020-12) of a configuration: what {@link Config#bind} takes, as far as
 * that can be said of one key at a time.
 *
 * <p>There is one definition for each record of defaults, so the same type may occur with several:
 * the learning rate of a run's own optimizer is not that of the optimizer's example.
 */
public final class Schema {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private record Key(Record defaults, boolean presets) {}

  private final ObjectNode definitions = NODES.objectNode();
  private final Map<Key, String> names = new HashMap<>();

  private Schema() {}

  /** The schema of what {@code Config.bind} takes over these defaults. */
  public static ObjectNode of(Record defaults) {
    Schema schema = new Schema();
    ObjectNode top = NODES.objectNode();
    top.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    Group type = new Group(defaults.getClass());
    top.put("$ref", schema.reference(defaults, type));
    top.set("$defs", schema.definitions);
    return top;
  }

  private String reference(Record defaults, Group slot) {
    Key key = new Key(defaults, slot.hasPresets());
    String known = names.get(key);
    if (known == null) {
      known = freeName(defaults);
      names.put(key, known); // before its fields: a type may hold itself
      definitions.set(known, NODES.objectNode());
      definitions.set(known, object(defaults, slot));
    }
    return "#/$defs/" + known;
  }

  private String freeName(Record defaults) {
    Class<?> type = defaults.getClass();
    String name = type.getName().substring(type.getPackageName().length() + 1).replace('$', '.');
    String free = name;
    for (int i = 2; definitions.has(free); i++) {
      free = name + "-" + i;
    }
    return free;
  }

  private ObjectNode object(Record defaults, Group slot) {
    Description description = Description.of(defaults);
    ObjectNode object = NODES.objectNode();
    object.put("type", "object");
    describe(object, description.sentence());
    ObjectNode properties = object.putObject("properties");
    Description.kindOf(defaults).ifPresent(kind -> properties.putObject("kind").put("const", kind));
    if (slot.hasPresets()) {
      properties.set("preset", preset(slot));
    }
    for (Description.Field field : description.fields()) {
      ObjectNode property = of(field.type(), field.value());
      describe(property, field.sentence());
      property.set("default", Binder.unbindValue(field.value()));
      field.range().ifPresent(range -> limit(property, range));
      properties.set(field.name(), property);
    }
    object.put("additionalProperties", false);
    return object;
  }

  private static void describe(ObjectNode node, String sentence) {
    if (!sentence.isEmpty()) {
      node.put("description", sentence);
    }
  }

  private static void limit(ObjectNode property, Range range) {
    property.put(range.lowIncluded() ? "minimum" : "exclusiveMinimum", range.low());
    range
        .limit()
        .ifPresent(high ->
            property.put(
                range.highIncluded() ? "maximum" : "exclusiveMaximum", high.doubleValue()));
  }

  private ObjectNode of(ValueType type, Object value) {
    return switch (type) {
      case Scalar scalar -> scalar(scalar);
      case Choice(var choices) -> {
        ObjectNode choice = NODES.objectNode();
        ArrayNode all = choice.putArray("enum");
        choices.forEach(all::add);
        yield choice;
      }
      case ListOf(var element) -> {
        ObjectNode list = NODES.objectNode().put("type", "array");
        // Elements start from examples, whatever the default list holds.
        list.set(
            "items",
            element instanceof Group slot
                ? group(slot, Description.first(slot))
                : of(element, value));
        yield list;
      }
      case Group slot -> group(slot, (Record) value);
    };
  }

  /** YAML reads 1e-4 as a text and an unquoted name such as 007 as a number: both are taken. */
  private static ObjectNode scalar(Scalar scalar) {
    ObjectNode node = NODES.objectNode();
    switch (scalar) {
      case TRUTH -> node.put("type", "boolean");
      case WHOLE -> node.put("type", "integer");
      case NUMBER -> {
        node.putArray("type").add("number").add("string");
        node.put("pattern", "^[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?$");
      }
      case TEXT -> node.putArray("type").add("string").add("number").add("boolean");
    }
    return node;
  }

  private ObjectNode group(Group slot, Record defaults) {
    Map<String, Record> alternatives = Description.alternatives(slot, defaults);
    if (alternatives.isEmpty() && !slot.hasPresets()) {
      return NODES.objectNode().put("$ref", reference(defaults, slot));
    }
    ObjectNode choice = NODES.objectNode();
    ArrayNode all = choice.putArray("anyOf");
    if (slot.hasPresets()) {
      all.add(preset(slot));
    }
    if (alternatives.isEmpty()) {
      all.addObject().put("$ref", reference(defaults, slot));
    }
    alternatives.forEach((_, record) -> {
      ObjectNode one = all.addObject().put("$ref", reference(record, slot));
      // Without a kind the default's is meant; what that is in an open slot, other keys decide.
      if (!record.equals(defaults) && !slot.isOpen()) {
        if (slot.hasPresets()) {
          ArrayNode either = one.putArray("anyOf");
          either.addObject().putArray("required").add("kind");
          either.addObject().putArray("required").add("preset");
        } else {
          one.putArray("required").add("kind");
        }
      }
    });
    return choice;
  }

  private static ObjectNode preset(Group slot) {
    ObjectNode name = NODES.objectNode();
    if (slot.presets().isEmpty()) {
      name.put("type", "string");
    } else {
      ArrayNode known = name.putArray("enum");
      slot.presets().forEach(known::add);
    }
    return name;
  }
}
