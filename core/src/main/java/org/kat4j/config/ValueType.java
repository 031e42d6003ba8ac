package org.kat4j.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** What a key of a configuration takes. */
public sealed interface ValueType {
  /** In a word or two, for a table. */
  String describe();

  /** A value without keys of its own. */
  enum Scalar implements ValueType {
    TRUTH("true or false"),
    WHOLE("whole number"),
    NUMBER("number"),
    TEXT("text");

    private final String words;

    Scalar(String words) {
      this.words = words;
    }

    @Override
    public String describe() {
      return words;
    }
  }

  /**
   * One word of several.
   *
   * @param names as they are spelt in YAML
   */
  record Choice(List<String> names) implements ValueType {
    @Override
    public String describe() {
      return String.join(" | ", names);
    }
  }

  /**
   * A list.
   *
   * @param element type of each element
   */
  record ListOf(ValueType element) implements ValueType {
    @Override
    public String describe() {
      return "list of: " + element.describe();
    }
  }

  /**
   * Keys of their own.
   *
   * @param declared record, or interface of which {@code kind} chooses a record
   */
  record Group(Class<?> declared) implements ValueType {
    @Override
    public String describe() {
      return kinds().isEmpty() ? "keys" : "a kind, with keys";
    }

    /** The records by {@code kind}; empty where there is nothing to choose. */
    public Map<String, Class<?>> kinds() {
      return declared.isInterface() ? Binder.kinds(declared) : Map.of();
    }

    /** Whether the keys may be left out for a kind that the default is not of. */
    boolean isOpen() {
      return declared.isInterface() && !declared.isSealed();
    }

    /** Whether a name may be given instead, or as {@code preset}. */
    boolean hasPresets() {
      return Binder.hasPresets(declared);
    }

    /** The names that may be given, where the type has a static {@code names()}; else none. */
    List<String> presets() {
      try {
        return ((Collection<?>) declared.getMethod("names").invoke(null))
            .stream().map(String.class::cast).toList();
      } catch (NoSuchMethodException _) {
        return List.of();
      } catch (ReflectiveOperationException impossible) {
        throw new LinkageError(declared + ".names", impossible);
      }
    }
  }

  /** The type of a component or of a list's elements. */
  static ValueType of(Type type) {
    if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
      return new ListOf(of(list.getActualTypeArguments()[0]));
    }
    if (!(type instanceof Class<?> plain)) {
      throw new IllegalStateException("no description for " + type);
    }
    if (plain.isEnum()) {
      return new Choice(
          Arrays.stream(plain.getEnumConstants()).map(c -> Binder.spelling((Enum<?>) c)).toList());
    }
    return switch (plain.getName()) {
      case "boolean" -> Scalar.TRUTH;
      case "int", "long", "java.lang.Integer", "java.lang.Long" -> Scalar.WHOLE;
      case "double", "java.lang.Double" -> Scalar.NUMBER;
      case "java.lang.String" -> Scalar.TEXT;
      default -> new Group(plain);
    };
  }
}
