package org.kat4j.explain.figure;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Numbers as a reader wants them. */
public final class Numbers {
  private static final double SMALLEST_PLAIN = 1e-3;
  private static final double LARGEST_PLAIN = 1e6;
  private static final char MINUS = '−'; // as wide as the plus sign

  private Numbers() {}

  /**
   * Four significant digits: 0.1235, 97.53, 12,346, 1.5e-5, and a dash for what is not a number.
   */
  public static String brief(double value) {
    return brief(value, 4);
  }

  /** The number with so many significant digits at most, without zeros at the end. */
  public static String brief(double value, int digits) {
    if (Double.isNaN(value)) {
      return "–";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "∞" : "−∞";
    }
    if (value == 0) {
      return "0";
    }
    double size = Math.abs(value);
    if (size >= SMALLEST_PLAIN && size < LARGEST_PLAIN) {
      return plain(rounded(value, digits));
    }
    int exponent = (int) Math.floor(Math.log10(size));
    BigDecimal mantissa = rounded(value, digits).movePointLeft(exponent);
    if (mantissa.abs().compareTo(BigDecimal.TEN) >= 0) { // 9.9999 has become 10
      mantissa = mantissa.movePointLeft(1);
      exponent++;
    }
    return plain(mantissa) + ("e" + exponent).replace('-', MINUS);
  }

  private static BigDecimal rounded(double value, int digits) {
    var exact = new BigDecimal(value);
    int whole = exact.precision() - exact.scale(); // digits before the point are never dropped
    return exact.round(
        new MathContext(
            Math.max(digits, Math.abs(value) < LARGEST_PLAIN ? whole : digits),
            RoundingMode.HALF_EVEN));
  }

  private static String plain(BigDecimal value) {
    String text = value.stripTrailingZeros().toPlainString();
    int point = text.indexOf('.');
    String whole = point < 0 ? text : text.substring(0, point);
    boolean grouped = whole.length() > 4 + (whole.startsWith("-") ? 1 : 0);
    String shown = grouped ? String.format(Locale.ROOT, "%,d", Long.parseLong(whole)) : whole;
    return (point < 0 ? shown : shown + text.substring(point)).replace('-', MINUS);
  }
}
