package org.kat4j.lab;

import java.util.function.IntToDoubleFunction;

/** Solves for the width at which an arm has a wanted size. */
public final class Width {
  private static final int WIDEST = 1 << 20;

  private Width() {}

  /**
   * The width whose size is nearest to the wanted one.
   *
   * @param wanted parameters or operations
   * @param size of a width, which grows with it
   */
  public static int nearest(double wanted, IntToDoubleFunction size) {
    int low = 1; // not larger than wanted, or the smallest there is
    int high = 2;
    while (high < WIDEST && size.applyAsDouble(high) < wanted) {
      low = high;
      high *= 2;
    }
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (size.applyAsDouble(middle) < wanted) {
        low = middle;
      } else {
        high = middle;
      }
    }
    boolean lowIsNearer =
        Math.abs(size.applyAsDouble(low) - wanted) <= Math.abs(size.applyAsDouble(high) - wanted);
    return lowIsNearer ? low : high;
  }
}
