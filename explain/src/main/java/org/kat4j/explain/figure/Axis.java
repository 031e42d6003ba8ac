package org.kat4j.explain.figure;

import java.util.stream.DoubleStream;

/**
 * One direction of a chart.
 *
 * @param label what is measured, with its unit; may be empty
 * @param logarithmic whether equal steps multiply; values of 0 and below are then left out
 * @param from smallest value shown; not a number to take it from the data
 * @param to largest value shown; not a number to take it from the data
 */
public record Axis(String label, boolean logarithmic, double from, double to) {

  /** Equal steps add; the range is taken from the data. */
  public static Axis linear(String label) {
    return new Axis(label, false, Double.NaN, Double.NaN);
  }

  /** Equal steps multiply; the range is taken from the data. */
  public static Axis log(String label) {
    return new Axis(label, true, Double.NaN, Double.NaN);
  }

  /** The same axis over a fixed range. */
  public Axis over(double from, double to) {
    return new Axis(label, logarithmic, from, to);
  }

  boolean shows(double value) {
    return Double.isFinite(value) && (!logarithmic || value > 0);
  }

  /** The scale for these values, from a place of the drawing to another. */
  Scale scale(DoubleStream values, double start, double end) {
    double[] shown = values.filter(this::shows).toArray();
    double least =
        Double.isNaN(from) ? DoubleStream.of(shown).min().orElse(logarithmic ? 1 : 0) : from;
    double most = Double.isNaN(to) ? DoubleStream.of(shown).max().orElse(logarithmic ? 10 : 1) : to;
    if (!(least < most)) { // one value only
      double around =
          logarithmic
              ? 0
              : Math.max(Math.abs(least) / 2, Double.isFinite(least) && least != 0 ? 0 : .5);
      most = logarithmic ? least * 2 : least + around;
      least = logarithmic ? least / 2 : least - around;
    }
    return new Scale(least, most, logarithmic, start, end);
  }
}
