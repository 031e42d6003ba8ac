package org.kat4j.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The numbers that a field takes.
 *
 * @param low least number
 * @param lowIncluded whether the least number itself is taken
 * @param high greatest number, infinite for none
 * @param highIncluded whether the greatest number itself is taken
 */
public record Range(double low, boolean lowIncluded, double high, boolean highIncluded) {

  /** The ranges that a record checks, by field: it is made once more, and its checks are heard. */
  static Map<String, Range> of(Record record) {
    Map<String, Range> heard = new HashMap<>();
    RecordComponent[] components = record.getClass().getRecordComponents();
    Object[] values = Arrays.stream(components).map(c -> Binder.read(record, c)).toArray();
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      Constructor<?> constructor = record.getClass().getDeclaredConstructor(types);
      constructor.setAccessible(true);
      ScopedValue.where(Check.LISTENER, heard::put).call(() -> constructor.newInstance(values));
    } catch (ReflectiveOperationException impossible) {
      throw new LinkageError(record.getClass() + " cannot be constructed", impossible);
    }
    return heard;
  }

  /** The greatest number where there is one that is not just the type's. */
  Optional<Double> limit() {
    return high >= Integer.MAX_VALUE ? Optional.empty() : Optional.of(high);
  }

  /** {@code at least 1}, {@code 0 to below 1}. */
  public String describe() {
    String bottom = spell(low);
    if (limit().isEmpty()) {
      return (lowIncluded ? "at least " : "above ") + bottom;
    }
    return (lowIncluded ? "" : "above ")
        + bottom
        + (highIncluded ? " to " : " to below ")
        + spell(high);
  }

  private static String spell(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }
}
