package org.kat4j.config;

/**
 * Range checks of spec records, with messages that name the field, the value and what is allowed.
 */
public final class Check {
  private Check() {}

  public static void atLeast(String field, long value, long low) {
    if (value < low) {
      throw new IllegalArgumentException(field + " = " + value + ": at least " + low);
    }
  }

  public static void between(String field, long value, long low, long high) {
    if (value < low || value > high) {
      throw new IllegalArgumentException(field + " = " + value + ": " + low + " to " + high);
    }
  }

  /** low &lt;= value &lt; high. */
  public static void inRange(String field, double value, double low, double high) {
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
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(field + " = " + value + ": above 0");
    }
  }
}
