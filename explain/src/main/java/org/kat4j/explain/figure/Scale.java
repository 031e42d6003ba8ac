package org.kat4j.explain.figure;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * From values to places of a drawing.
 *
 * @param least value at {@code start}
 * @param most value at {@code end}, above {@code least}
 * @param logarithmic whether equal steps multiply
 * @param start place of the least value
 * @param end place of the largest one
 */
record Scale(double least, double most, boolean logarithmic, double start, double end) {
  /** A value with a mark, and how it is written. */
  record Tick(double value, String text) {}

  double place(double value) {
    double share =
        logarithmic
            ? Math.log(value / least) / Math.log(most / least)
            : (value - least) / (most - least);
    return start + Math.clamp(share, -1, 2) * (end - start);
  }

  /** Round values inside the range, about {@code count} of them. */
  List<Tick> ticks(int count) {
    return logarithmic && most / least >= 5 ? powers(count) : steps(count);
  }

  /** Multiples of 1, 2 or 5 times a power of ten. */
  private List<Tick> steps(int count) {
    double rough = (most - least) / Math.max(1, count);
    int exponent = (int) Math.floor(Math.log10(rough));
    double power = Math.pow(10, exponent);
    double factor = rough / power;
    int round = factor <= 1.5 ? 1 : factor <= 3.5 ? 2 : factor <= 7.5 ? 5 : 10;
    BigDecimal step = BigDecimal.valueOf(round).scaleByPowerOfTen(exponent);
    double size = step.doubleValue();
    var ticks = new ArrayList<Tick>();
    for (long k = (long) Math.ceil(least / size - 1e-9); k * size <= most + 1e-9 * size; k++) {
      double value = step.multiply(BigDecimal.valueOf(k)).doubleValue();
      ticks.add(new Tick(value, Numbers.brief(value, 6)));
    }
    return ticks;
  }

  /** Powers of ten; with 2 and 5 between them where there are few. */
  private List<Tick> powers(int count) {
    int first = (int) Math.floor(Math.log10(least));
    int last = (int) Math.ceil(Math.log10(most));
    int stride = Math.max(1, Math.ceilDiv(last - first, Math.max(1, count)));
    int[] between = last - first <= 2 ? new int[] {1, 2, 5} : new int[] {1};
    var ticks = new ArrayList<Tick>();
    for (int exponent = first; exponent <= last; exponent += stride) {
      for (int factor : between) {
        double value = BigDecimal.valueOf(factor).scaleByPowerOfTen(exponent).doubleValue();
        if (value >= least * (1 - 1e-9) && value <= most * (1 + 1e-9)) {
          ticks.add(new Tick(value, Numbers.brief(value, 3)));
        }
      }
    }
    return ticks;
  }
}
