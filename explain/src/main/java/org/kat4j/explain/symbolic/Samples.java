package org.kat4j.explain.symbolic;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;

/**
 * Rows of inputs and the number that belongs to each.
 *
 * @param inputs {@code [row][feature]}
 * @param targets one a row
 */
@SuppressWarnings("ArrayRecordComponent") // a view of data, never compared
public record Samples(double[][] inputs, double[] targets) {
  public Samples {
    if (inputs.length != targets.length) {
      throw new IllegalArgumentException(
          inputs.length + " rows of inputs, " + targets.length + " targets");
    }
  }

  /** Inputs with the values of a function. */
  public static Samples of(double[][] inputs, ToDoubleFunction<double[]> function) {
    return new Samples(inputs, Arrays.stream(inputs).mapToDouble(function).toArray());
  }

  public int rows() {
    return targets.length;
  }

  /** Rows {@code from} to below {@code to} of an order. */
  public Samples part(int[] order, int from, int to) {
    double[][] rows = new double[to - from][];
    double[] values = new double[to - from];
    for (int i = from; i < to; i++) {
      rows[i - from] = inputs[order[i]];
      values[i - from] = targets[order[i]];
    }
    return new Samples(rows, values);
  }
}
