package org.kat4j.config;

import java.util.function.BiConsumer;

/**
 * Range checks of spec records, with messages that name the field, the value and what is allowed.
 */
public final class Check {
  /** Is told of every range that is checked, for descriptions of the fields. */
  static final ScopedValue<BiConsumer<String, Range>> LISTENER = ScopedValue.newInstance();

  private Check() {}

  public static void atLeast(String field, long value, long low) {
    tell(field, new Range(low, true, Double.POSITIVE_INFINITY, false));
    if (value < low) {
      throw new IllegalArgumentException(field + " = " + value + ": at least " + low);
    }
  }

  public static void between(String field, long value, long low, long high) {
    tell(field, new Range(low, true, high, true));
    betweenOthers(field, value, low, high);
  }

  /** Limits that follow from other fields, so that no description can name them. */
  public static void betweenOthers(String field, long value, long low, long high) {
    if (value < low || value > high) {
      throw new IllegalArgumentException(field + " = " + value + ": " + low + " to " + high);
    }
  }

  /** low &lt;= value &lt; high. */
  public static void inRange(String field, double value, double low, double high) {
    tell(field, new Range(low, true, high, false));
    if (!(value >= low && value < high)) {
      throw new IllegalArgumentException(
          field
              + " = "
              + value
              + ": from "
              + low
              + (Double.isInfinite(high) ? " on" : " to below " + high));
    }
  }

  /** value &gt; 0 and finite. */
  public static void positive(String field, double value) {
    tell(field, new Range(0, false, Double.POSITIVE_INFINITY, false));
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(field + " = " + value + ": above 0");
    }
  }

  private static void tell(String field, Range range) {
    if (LISTENER.isBound()) {
      LISTENER.get().accept(field, range);
    }
  }
}
