package org.kat4j.config;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What is to be known of a spec record, all from the record itself: types and defaults from an
 * instance, sentences from its javadoc (kept by the annotation processor of module {@code
 * sentences}), ranges from its checks.
 *
 * @param defaults the values where none are given
 * @param sentence what the record is, empty where its javadoc does not say
 * @param fields its components
 */
public record Description(Record defaults, String sentence, List<Field> fields) {
  /**
   * One key.
   *
   * @param name the key
   * @param type what it takes
   * @param value what it has where it is not given
   * @param range of numbers, where the record checks one by itself
   * @param sentence what it means, empty where the javadoc does not say
   */
  public record Field(
      String name, ValueType type, Object value, Optional<Range> range, String sentence) {

    /** The default as YAML has it; of a group only its kind. */
    public String spelling() {
      return switch (value) {
        case Record record -> kindOf(record).orElse("");
        case Enum<?> constant -> Binder.spelling(constant);
        case List<?> list when list.stream().anyMatch(Record.class::isInstance) -> "[…]";
        case Double number when number == Math.rint(number) && Math.abs(number) < 1e6 ->
            Integer.toString(number.intValue());
        default -> value.toString();
      };
    }
  }

  public static Description of(Record defaults) {
    Map<String, String> sentences = sentences(defaults.getClass());
    Map<String, Range> ranges = Range.of(defaults);
    List<Field> fields =
        Arrays.stream(defaults.getClass().getRecordComponents())
            .map(component -> field(component, defaults, ranges, sentences))
            .toList();
    return new Description(defaults, sentences.getOrDefault("", ""), fields);
  }

  private static Field field(
      RecordComponent component,
      Record defaults,
      Map<String, Range> ranges,
      Map<String, String> sentences) {
    String name = component.getName();
    ValueType type = ValueType.of(component.getGenericType());
    boolean isNumber = type == ValueType.Scalar.WHOLE || type == ValueType.Scalar.NUMBER;
    return new Field(
        name,
        type,
        Binder.read(defaults, component),
        isNumber ? Optional.ofNullable(ranges.get(name)) : Optional.empty(),
        sentences.getOrDefault(name, ""));
  }

  /** The kind of a record that has one. */
  static Optional<String> kindOf(Record record) {
    return Optional.ofNullable(record.getClass().getAnnotation(Kind.class)).map(Kind::value);
  }

  /**
   * What a slot may hold, as defaults: the given record for its own kind, the example of each other
   * kind.
   */
  static Map<String, Record> alternatives(ValueType.Group slot, Record defaults) {
    Map<String, Record> all = new LinkedHashMap<>();
    slot.kinds()
        .forEach((kind, type) ->
            all.put(kind, type == defaults.getClass() ? defaults : Binder.example(type)));
    return all;
  }

  /** What stands in a slot of a list's elements where an element gives no keys. */
  static Record first(ValueType.Group slot) {
    return Binder.example(
        slot.kinds().values().stream().findFirst().<Class<?>>map(c -> c).orElse(slot.declared()));
  }

  private static Map<String, String> sentences(Class<?> type) {
    String file = type.getName().substring(type.getPackageName().length() + 1) + ".sentences";
    try (InputStream bytes = type.getResourceAsStream(file)) {
      return bytes == null
          ? Map.of()
          : new String(bytes.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .map(line -> line.split("\t", 2))
              .collect(Collectors.toMap(line -> line[0], line -> line[1]));
    } catch (IOException broken) {
      throw new LinkageError(file + " cannot be read", broken);
    }
  }
}
