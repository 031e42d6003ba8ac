package org.kat4j.tables.explanation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.kat4j.data.RandomStream;
import org.kat4j.tables.model.Cholesky;
import org.kat4j.tables.model.Predictor;

/**
 * Kernel SHAP: each feature's share in the difference between a prediction and the mean one.
 *
 * <p>What is not in a coalition of features is taken from background rows, and predictions are
 * averaged over them. A coalition of s of M features weighs (M - 1) / (C(M, s) s (M - s)). Up to
 * {@value #EXACT} features all coalitions are visited, and the shares are Shapley's exactly; with
 * more, coalitions are drawn in pairs with their complements. Source: Lundberg, Lee, arXiv
 * 1705.07874.
 *
 * @param shares of the features; their sum is prediction - base
 * @param base mean prediction of the background
 * @param prediction of the row
 * @param exact whether all coalitions were visited
 */
public record KernelShap(double[] shares, double base, double prediction, boolean exact) {
  /** Most features of which every coalition is visited. */
  public static final int EXACT = 12;

  private static final int MOST_ROWS_AT_ONCE = 20_000;

  /**
   * @param output which column of the predictions
   * @param background rows, a few dozen
   * @param coalitions how many are drawn where there are too many
   */
  public static KernelShap of(
      Predictor predictor,
      int output,
      double[] row,
      double[][] background,
      int coalitions,
      long seed) {
    int features = row.length;
    boolean exact = features <= EXACT;
    List<boolean[]> chosen = exact ? all(features) : drawn(features, coalitions, seed);
    boolean[] none = new boolean[features];
    boolean[] full = new boolean[features];
    Arrays.fill(full, true);
    chosen.add(none);
    chosen.add(full);
    double[] values = values(predictor, output, row, background, chosen);
    int n = chosen.size() - 2;
    double base = values[n];
    double prediction = values[n + 1];
    if (features == 1) {
      return new KernelShap(new double[] {prediction - base}, base, prediction, true);
    }
    // The last share is what the others leave: it is taken out of the equations.
    double[][] x = new double[n][features - 1];
    double[] y = new double[n];
    double[] weights = new double[n];
    for (int i = 0; i < n; i++) {
      boolean[] coalition = chosen.get(i);
      int last = coalition[features - 1] ? 1 : 0;
      for (int j = 0; j < features - 1; j++) {
        x[i][j] = (coalition[j] ? 1 : 0) - last;
      }
      y[i] = values[i] - base - last * (prediction - base);
      weights[i] = exact ? weight(features, size(coalition)) : 1;
    }
    double[] shares =
        Arrays.copyOf(Cholesky.leastSquares(x, y, weights, exact ? 0 : 1e-9), features);
    shares[features - 1] = prediction - base - Arrays.stream(shares).sum();
    return new KernelShap(shares, base, prediction, exact);
  }

  /** (M - 1) / (C(M, s) s (M - s)). */
  static double weight(int features, int size) {
    double choose = 1;
    for (int i = 1; i <= size; i++) {
      choose = choose * (features - size + i) / i;
    }
    return (features - 1) / (choose * size * (features - size));
  }

  private static List<boolean[]> all(int features) {
    List<boolean[]> all = new ArrayList<>();
    for (int bits = 1; bits < (1 << features) - 1; bits++) {
      boolean[] coalition = new boolean[features];
      for (int j = 0; j < features; j++) {
        coalition[j] = (bits >> j & 1) == 1;
      }
      all.add(coalition);
    }
    return all;
  }

  /** Sizes by the kernel, members at random, each with its complement. */
  private static List<boolean[]> drawn(int features, int count, long seed) {
    RandomStream random = RandomStream.of(seed);
    double[] upTo = new double[features];
    for (int size = 1; size < features; size++) {
      upTo[size] = upTo[size - 1] + 1.0 / (size * (features - size));
    }
    List<boolean[]> drawn = new ArrayList<>();
    while (drawn.size() < count) {
      double at = random.nextDouble() * upTo[features - 1];
      int size = 1;
      while (upTo[size] <= at) {
        size++;
      }
      int[] order = random.permutation(features);
      boolean[] coalition = new boolean[features];
      boolean[] complement = new boolean[features];
      for (int j = 0; j < features; j++) {
        coalition[order[j]] = j < size;
        complement[order[j]] = j >= size;
      }
      drawn.add(coalition);
      drawn.add(complement);
    }
    return drawn;
  }

  private static int size(boolean[] coalition) {
    int size = 0;
    for (boolean in : coalition) {
      size += in ? 1 : 0;
    }
    return size;
  }

  /** Mean prediction of each coalition over the background. */
  private static double[] values(
      Predictor predictor,
      int output,
      double[] row,
      double[][] background,
      List<boolean[]> coalitions) {
    double[] values = new double[coalitions.size()];
    int atOnce = Math.max(1, MOST_ROWS_AT_ONCE / background.length);
    for (int from = 0; from < values.length; from += atOnce) {
      int count = Math.min(atOnce, values.length - from);
      double[][] mixed = new double[count * background.length][];
      for (int c = 0; c < count; c++) {
        boolean[] coalition = coalitions.get(from + c);
        for (int b = 0; b < background.length; b++) {
          double[] one = background[b].clone();
          for (int j = 0; j < one.length; j++) {
            one[j] = coalition[j] ? row[j] : one[j];
          }
          mixed[c * background.length + b] = one;
        }
      }
      double[][] predictions = predictor.predict(mixed);
      for (int i = 0; i < predictions.length; i++) {
        values[from + i / background.length] += predictions[i][output] / background.length;
      }
    }
    return values;
  }
}
