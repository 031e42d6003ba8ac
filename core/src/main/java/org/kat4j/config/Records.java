package org.kat4j.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Long records, such as a training configuration, with some of their components exchanged. */
public final class Records {
  private Records() {}

  /**
   * A record with other values of some components: {@code with(config, Map.of("seed", 3L))}.
   *
   * @param values by the components' names
   * @throws IllegalArgumentException where it has no such component, or refuses a value
   */
  @SuppressWarnings("unchecked") // the constructor is that of the record's own class
  public static <R> R with(R record, Map<String, ?> values) {
    RecordComponent[] components = record.getClass().getRecordComponents();
    Set<String> unknown = new TreeSet<>(values.keySet());
    Class<?>[] types = new Class<?>[components.length];
    Object[] all = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      String name = components[i].getName();
      types[i] = components[i].getType();
      all[i] =
          unknown.remove(name) ? values.get(name) : Binder.read((Record) record, components[i]);
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "%s has no %s".formatted(record.getClass().getSimpleName(), unknown));
    }
    try {
      Constructor<?> constructor = record.getClass().getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return (R) constructor.newInstance(all);
    } catch (InvocationTargetException refused) {
      if (refused.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new LinkageError(record.getClass() + " cannot be constructed", refused);
    } catch (ReflectiveOperationException impossible) {
      throw new LinkageError(record.getClass() + " cannot be constructed", impossible);
    }
  }
}
