package org.kat4j.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * The records of a module that a configuration may choose by {@code kind} where the interface is
 * not sealed: models and tasks, of which every module may bring some.
 *
 * <p>Found by {@link ServiceLoader}: name the class in {@code META-INF/services}.
 */
public interface Kinds {
  /** Records with a {@link Kind} and a static {@code example()}. */
  List<Class<? extends Record>> records();

  /** All kinds of an open interface, by name. */
  static Map<String, Class<?>> of(Class<?> open) {
    Map<String, Class<?>> all = new LinkedHashMap<>();
    for (Kinds module : ServiceLoader.load(Kinds.class, Kinds.class.getClassLoader())) {
      for (Class<? extends Record> type : module.records()) {
        @Nullable Kind kind = type.getAnnotation(Kind.class);
        if (kind == null) {
          throw new LinkageError(type + " needs a @Kind");
        }
        if (open.isAssignableFrom(type) && all.put(kind.value(), type) != null) {
          throw new LinkageError("two kinds are called " + kind.value());
        }
      }
    }
    return all;
  }
}
