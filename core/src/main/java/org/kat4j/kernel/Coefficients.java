package org.kat4j.kernel;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The coefficients of one call: for each group a0 ... am, |b1| ... |bn|, in float64. */
final class Coefficients {
  static final int MAX_DEGREE = 8;

  private final Tensor numerator;
  private final Tensor denominator;
  private final double[] a; // [1 or groups, m + 1]
  private final double[] b; // [1 or groups, n]

  /** Number of numerator coefficients, m + 1. */
  final int upper;

  /** Number of denominator coefficients, n. */
  final int lower;

  Coefficients(Tensor numerator, Tensor denominator, int groups) {
    check("numerator", numerator, groups, 2, MAX_DEGREE + 1);
    check("denominator", denominator, groups, 1, MAX_DEGREE);
    this.numerator = numerator;
    this.denominator = denominator;
    a = NativeMemory.read(numerator);
    b = NativeMemory.read(denominator);
    upper = (int) numerator.size(1);
    lower = (int) denominator.size(1);
  }

  static void check(String name, Tensor parameter, int groups, int fewest, int most) {
    long[] shape = parameter.shape();
    boolean right =
        shape.length == 2
            && (shape[0] == 1 || shape[0] == groups)
            && fewest <= shape[1]
            && shape[1] <= most;
    if (!right) {
      throw new IllegalArgumentException(
          "%s of shape %s: [1 or %d groups, %d to %d coefficients] is needed"
              .formatted(name, Arrays.toString(shape), groups, fewest, most));
    }
  }

  int terms() {
    return upper + lower;
  }

  /** a_term, or |b_k| with k = term - m. */
  double value(int group, int term) {
    return term < upper ? a[a(group, term)] : Math.abs(b[b(group, term - upper)]);
  }

  private int a(int group, int i) {
    return (a.length == upper ? 0 : group * upper) + i;
  }

  private int b(int group, int k) {
    return (b.length == lower ? 0 : group * lower) + k;
  }

  /**
   * The coefficients as vectors, {@code [strips, terms, lanes]}; 0 in lanes beyond the last
   * channel.
   */
  double[] table(Tiling tiling) {
    int terms = terms();
    double[] table = new double[tiling.strips() * terms * tiling.lanes()];
    int at = 0;
    for (int strip = 0; strip < tiling.strips(); strip++) {
      for (int term = 0; term < terms; term++) {
        for (int lane = 0; lane < tiling.lanes(); lane++) {
          int group = tiling.group(strip, lane);
          table[at++] = group < 0 ? 0 : value(group, term);
        }
      }
    }
    return table;
  }

  /**
   * The parameters' gradients.
   *
   * @param x gradient of the input, passed through
   * @param sums {@code [groups, terms]}, see {@link TileKernel#backward}
   */
  RationalKernel.Gradients gradients(Tensor x, double[][] sums) {
    double[] da = new double[a.length];
    double[] db = new double[b.length];
    for (int group = 0; group < sums.length; group++) {
      for (int i = 0; i < upper; i++) {
        da[a(group, i)] += sums[group][i];
      }
      for (int k = 0; k < lower; k++) {
        int at = b(group, k);
        db[at] -= (b[at] < 0 ? -1 : 1) * sums[group][upper + k]; // sgn(0) = +1
      }
    }
    return new RationalKernel.Gradients(x, like(numerator, da), like(denominator, db));
  }

  private static Tensor like(Tensor parameter, double[] values) {
    try (Tensor contiguous = parameter.contiguous()) {
      Tensor gradient = torch.empty_like(contiguous);
      NativeMemory.write(gradient, values);
      return gradient;
    }
  }
}
