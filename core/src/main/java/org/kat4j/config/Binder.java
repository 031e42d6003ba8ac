package org.kat4j.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.kat4j.error.NearestName;
import org.kat4j.error.UserException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Turns trees into spec records and back.
 *
 * <p>Binding starts from a default record and replaces what the tree gives, so that records need no
 * nullable components and the tree that is written back is complete. An interface is bound by its
 * {@code kind}, sealed ones among what they permit, open ones among {@link Kinds}; the defaults of
 * another kind than the default record's are those of its static {@code example()}. A record type
 * with a static {@code named(String)} may be given by name: {@code model: kat_tiny_patch16_224}, or
 * {@code model: {preset: kat_tiny_patch16_224, dropPath: 0.2}}.
 */
final class Binder {
  private static final String KIND = "kind";
  private static final String PRESET = "preset";

  /** A value of each type that a list of numbers or texts may have. */
  private static final Map<Class<?>, Object> SCALARS =
      Map.of(Integer.class, 0, Long.class, 0L, Double.class, 0.0, String.class, "");

  private final String source;

  /**
   * @param source where the tree comes from, for messages
   */
  Binder(String source) {
    this.source = source;
  }

  /** The default with everything replaced that the tree gives. */
  <T> T bind(JsonNode tree, T defaults) {
    @SuppressWarnings("unchecked") // bindValue returns a value of the declared type
    T bound = (T) bindValue(tree, defaults.getClass(), defaults, "");
    return bound;
  }

  /** A value of a sealed interface or record that has no default: kind and all. */
  Object bindWithout(JsonNode tree, Class<?> type) {
    return bindWithout(tree, type, "");
  }

  private Object bindWithout(JsonNode tree, Class<?> type, String path) {
    return bindValue(
        tree, type, example(type.isRecord() ? type : givenKind(tree, type, path)), path);
  }

  /**
   * The kind that the tree names; where it names none, the first one or the interface's example.
   */
  private Class<?> givenKind(JsonNode tree, Class<?> type, String path) {
    if (tree.has(KIND)) {
      return ofName(tree.get(KIND), type, at(path, KIND));
    }
    if (type.isSealed()) {
      return type.getPermittedSubclasses()[0];
    }
    return example(type).getClass();
  }

  private Object bindValue(JsonNode tree, Class<?> declared, Object defaults, String path) {
    if (Record.class.isAssignableFrom(defaults.getClass())) {
      return bindRecord(tree, declared, (Record) defaults, path);
    }
    return bindScalar(tree, defaults, path);
  }

  private Object bindRecord(JsonNode tree, Class<?> declared, Record defaults, String path) {
    Class<?> presets =
        hasPresets(declared)
            ? declared
            : hasPresets(defaults.getClass()) ? defaults.getClass() : null;
    if (presets != null && tree.isString()) {
      return preset(presets, tree.stringValue(), path);
    }
    if (!(tree instanceof ObjectNode object)) {
      throw wrong(path, tree, "a group of keys is expected");
    }
    Record base = defaults;
    if (presets != null && object.has(PRESET)) {
      String where = at(path, PRESET);
      base = (Record) preset(presets, text(object.get(PRESET), where), where);
    }
    if (object.has(KIND)) {
      base = ofKind(object.get(KIND), declared, base, at(path, KIND));
    }
    return rebuild(object, base, path);
  }

  private Record rebuild(ObjectNode tree, Record base, String path) {
    ObjectNode object = modern(tree, base.getClass(), path);
    RecordComponent[] components = base.getClass().getRecordComponents();
    List<String> known = Arrays.stream(components).map(RecordComponent::getName).toList();
    for (String key : object.propertyNames()) {
      boolean reserved = key.equals(KIND) || key.equals(PRESET);
      if (!reserved && !known.contains(key)) {
        throw new UserException(
            source
                + ": "
                + NearestName.unknown(path.isEmpty() ? "key" : "key of " + path, key, known)
                    .getMessage());
      }
    }
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      String name = components[i].getName();
      Object value = read(base, components[i]);
      JsonNode given = object.get(name);
      values[i] =
          given == null ? value : bindComponent(given, components[i], value, at(path, name));
    }
    return construct(base.getClass(), components, values, path);
  }

  /** Keys of earlier versions in today's words, where the record says them in {@code modern}. */
  private ObjectNode modern(ObjectNode given, Class<?> type, String path) {
    try {
      Method words = type.getDeclaredMethod("modern", ObjectNode.class);
      return (ObjectNode) words.invoke(null, given);
    } catch (NoSuchMethodException _) {
      return given;
    } catch (InvocationTargetException refused) {
      String where = path.isEmpty() ? "" : path + ": ";
      throw new UserException(
          source + ": " + where + Objects.requireNonNull(refused.getCause()).getMessage(), refused);
    } catch (ReflectiveOperationException impossible) {
      throw new LinkageError(type + " needs a public static modern", impossible);
    }
  }

  private Object bindComponent(
      JsonNode tree, RecordComponent component, Object defaults, String path) {
    if (!(component.getGenericType() instanceof ParameterizedType list)) {
      return bindValue(tree, component.getType(), defaults, path);
    }
    if (!(tree instanceof ArrayNode given)) {
      throw wrong(path, tree, "a list is expected");
    }
    Class<?> type = (Class<?>) list.getActualTypeArguments()[0];
    List<Object> elements = new ArrayList<>();
    for (JsonNode element : given) {
      elements.add(bindElement(element, type, path + "[" + elements.size() + "]"));
    }
    return List.copyOf(elements);
  }

  private Object bindElement(JsonNode tree, Class<?> type, String path) {
    if (type.isEnum()) {
      return choice(tree, type.getEnumConstants(), path);
    }
    Object scalar = SCALARS.get(type);
    return scalar == null ? bindWithout(tree, type, path) : bindScalar(tree, scalar, path);
  }

  private Record construct(
      Class<?> type, RecordComponent[] components, Object[] values, String path) {
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return (Record) constructor.newInstance(values);
    } catch (InvocationTargetException refused) {
      // What the checks of specs throw is the user's mistake; anything else is a fault of ours.
      Throwable cause = Objects.requireNonNull(refused.getCause());
      if (cause.getClass() == IllegalArgumentException.class || cause instanceof UserException) {
        String where = path.isEmpty() ? "" : path + ": ";
        throw new UserException(source + ": " + where + cause.getMessage(), cause);
      }
      throw thrown(cause, type + " cannot be constructed");
    } catch (ReflectiveOperationException impossible) {
      throw new LinkageError(type + " cannot be constructed", impossible);
    }
  }

  private Record ofKind(JsonNode kind, Class<?> declared, Record base, String path) {
    Class<?> type = ofName(kind, declared.isInterface() ? declared : base.getClass(), path);
    return base.getClass() == type ? base : example(type);
  }

  private Class<?> ofName(JsonNode kind, Class<?> slot, String path) {
    Map<String, Class<?>> kinds = kinds(slot);
    String name = text(kind, path);
    Class<?> type = kinds.get(name);
    if (type == null) {
      throw new UserException(
          source + ": " + NearestName.unknown(path, name, kinds.keySet()).getMessage());
    }
    return type;
  }

  /** The records that a slot takes, by the name of their kind. */
  static Map<String, Class<?>> kinds(Class<?> type) {
    if (type.isInterface() && !type.isSealed()) {
      return Kinds.of(type);
    }
    if (type.isSealed()) {
      Map<String, Class<?>> all = new LinkedHashMap<>();
      for (Class<?> permitted : type.getPermittedSubclasses()) {
        all.putAll(kinds(permitted));
      }
      return all;
    }
    Kind kind = type.getAnnotation(Kind.class);
    return kind == null ? Map.of() : Map.of(kind.value(), type);
  }

  static Record example(Class<?> type) {
    return (Record) invoke(type, "example");
  }

  static boolean hasPresets(Class<?> type) {
    return Arrays.stream(type.getDeclaredMethods())
        .anyMatch(m ->
            m.getName().equals("named")
                && Arrays.equals(m.getParameterTypes(), new Class<?>[] {String.class}));
  }

  private Object preset(Class<?> type, String name, String path) {
    try {
      return invoke(type, "named", name);
    } catch (UserException unknown) {
      throw new UserException(source + ": " + path + ": " + unknown.getMessage(), unknown);
    }
  }

  private static Object invoke(Class<?> type, String method, Object... arguments) {
    Class<?>[] types = Arrays.stream(arguments).map(Object::getClass).toArray(Class<?>[]::new);
    try {
      Method target = type.getDeclaredMethod(method, types);
      return target.invoke(null, arguments);
    } catch (InvocationTargetException thrown) {
      throw thrown(Objects.requireNonNull(thrown.getCause()), type + "." + method);
    } catch (ReflectiveOperationException missing) {
      throw new LinkageError(type + " needs a public static " + method, missing);
    }
  }

  private static RuntimeException thrown(Throwable cause, String where) {
    return switch (cause) {
      case RuntimeException fault -> fault;
      case Error fault -> throw fault;
      default -> throw new LinkageError(where, cause);
    };
  }

  private Object bindScalar(JsonNode tree, Object defaults, String path) {
    return switch (defaults) {
      case Boolean _ -> {
        if (!tree.isBoolean()) {
          throw wrong(path, tree, "true or false is expected");
        }
        yield tree.booleanValue();
      }
      case Integer _ -> {
        if (!tree.isIntegralNumber() || !tree.canConvertToInt()) {
          throw wrong(path, tree, "a whole number is expected");
        }
        yield tree.intValue();
      }
      case Long _ -> {
        if (!tree.isIntegralNumber() || !tree.canConvertToLong()) {
          throw wrong(path, tree, "a whole number is expected");
        }
        yield tree.longValue();
      }
      case Double _ -> number(tree, path);
      case String _ -> text(tree, path);
      case Enum<?> value -> choice(tree, value.getDeclaringClass().getEnumConstants(), path);
      default -> throw new IllegalStateException(path + ": no binding for " + defaults.getClass());
    };
  }

  private String text(JsonNode tree, String path) {
    if (!tree.isValueNode() || tree.isNull()) {
      throw wrong(path, tree, "a text is expected");
    }
    return tree.asString();
  }

  /** YAML 1.2 reads 5e-4 as text: numbers in text are taken too. */
  private double number(JsonNode tree, String path) {
    if (tree.isNumber()) {
      return tree.doubleValue();
    }
    try {
      return Double.parseDouble(tree.asString());
    } catch (RuntimeException notANumber) {
      throw wrong(path, tree, "a number is expected");
    }
  }

  private Object choice(JsonNode tree, Object[] constants, String path) {
    List<String> names = Arrays.stream(constants).map(c -> spelling((Enum<?>) c)).toList();
    int index = names.indexOf(tree.asString(""));
    if (index < 0) {
      throw wrong(path, tree, "one of " + String.join(", ", names) + " is expected");
    }
    return constants[index];
  }

  private UserException wrong(String path, JsonNode tree, String expected) {
    String shown =
        tree.isValueNode()
            ? tree.asString()
            : tree.getNodeType().toString().toLowerCase(Locale.ROOT);
    return new UserException(
        source + ": " + (path.isEmpty() ? "top level" : path) + " = " + shown + ": " + expected);
  }

  private static String at(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  /** AVERAGE_OF_NORMED is spelt average-of-normed. */
  static String spelling(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Object read(Record record, RecordComponent component) {
    try {
      Method accessor = component.getAccessor();
      accessor.setAccessible(true);
      return accessor.invoke(record);
    } catch (ReflectiveOperationException impossible) {
      throw new LinkageError(record.getClass() + "." + component.getName(), impossible);
    }
  }

  /** The complete tree of a record. */
  static ObjectNode unbind(Record record) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    Kind kind = record.getClass().getAnnotation(Kind.class);
    if (kind != null) {
      object.put(KIND, kind.value());
    }
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      object.set(component.getName(), unbindValue(read(record, component)));
    }
    return object;
  }

  static JsonNode unbindValue(Object value) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return switch (value) {
      case Record record -> unbind(record);
      case List<?> list -> {
        ArrayNode array = nodes.arrayNode();
        list.forEach(element -> array.add(unbindValue(element)));
        yield array;
      }
      case Boolean flag -> nodes.booleanNode(flag);
      case Integer number -> nodes.numberNode(number);
      case Long number -> nodes.numberNode(number);
      case Double number -> nodes.numberNode(number);
      case String text -> nodes.stringNode(text);
      case Enum<?> constant -> nodes.stringNode(spelling(constant));
      case Optional<?> maybe -> maybe.isPresent() ? unbindValue(maybe.get()) : nodes.nullNode();
      default -> throw new IllegalStateException("no spelling for " + value.getClass());
    };
  }
}
