package org.kat4j.lab.statistics;

import java.util.Arrays;

/**
 * Some repeated measurements in five numbers.
 *
 * @param mean their mean, NaN of none
 * @param sd sample standard deviation, with n - 1; NaN of fewer than two
 * @param n how many there are
 * @param min the smallest
 * @param max the largest
 */
public record Sample(double mean, double sd, int n, double min, double max) {
  public static Sample of(double... values) {
    int n = values.length;
    double mean = Arrays.stream(values).sum() / n;
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return new Sample(
        mean,
        n < 2 ? Double.NaN : Math.sqrt(squares / (n - 1)),
        n,
        Arrays.stream(values).min().orElse(Double.NaN),
        Arrays.stream(values).max().orElse(Double.NaN));
  }
}
