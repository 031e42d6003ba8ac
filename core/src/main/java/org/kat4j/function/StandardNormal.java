package org.kat4j.function;

import java.util.function.DoubleUnaryOperator;

/** Moments of a scalar function whose input is standard normal, as after a layer norm. */
public final class StandardNormal {
  // Beyond +-12 the density is below 1e-31, far under any growth of the functions used here.
  private static final double REACH = 12;
  private static final int PANELS = 4800; // even on each side of 0, where rationals have a kink

  private StandardNormal() {}

  /** E[f(x)^2] for x ~ N(0, 1), by Simpson's rule. */
  public static double secondMoment(DoubleUnaryOperator f) {
    double step = 2 * REACH / PANELS;
    double sum = 0;
    for (int i = 0; i <= PANELS; i++) {
      double x = -REACH + i * step;
      double weight = i == 0 || i == PANELS ? 1 : i % 2 == 1 ? 4 : 2;
      double y = f.applyAsDouble(x);
      sum += weight * y * y * Math.exp(-x * x / 2);
    }
    return sum * step / 3 / Math.sqrt(2 * Math.PI);
  }

  /**
   * sqrt(1 / E[f(x)^2]): by how much the weights after {@code f} must be larger than 1 /
   * sqrt(width) to keep the variance at 1. Source: arXiv 2409.10594.
   */
  public static double gain(DoubleUnaryOperator f) {
    return Math.sqrt(1 / secondMoment(f));
  }
}
