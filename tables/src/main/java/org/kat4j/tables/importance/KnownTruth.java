package org.kat4j.tables.importance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.kat4j.data.RandomStream;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;

/**
 * A table whose important features are known: y = 2 sin(2 x1) + x2^2 + 1.5 x3 x4 + tanh(3 x5) + 0.5
 * noise, x6 = x1 + 0.3 noise, 14 columns of noise, all from N(0, 1). Source: sheet 10 (a).
 */
public final class KnownTruth {
  /** Features 0 to 4 are in the formula. */
  public static final int RELEVANT = 5;

  /** It says again what feature 0 says. */
  public static final int REDUNDANT = 5;

  private static final int FEATURES = 20;

  private KnownTruth() {}

  /** As many rows as asked for; the same seed gives the same table. */
  public static Problem table(int rows, long seed) {
    RandomStream random = RandomStream.of(seed, 10);
    double[][] x = new double[rows][FEATURES];
    double[] y = new double[rows];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < FEATURES; j++) {
        x[i][j] = random.nextGaussian();
      }
      double[] v = x[i];
      v[REDUNDANT] = v[0] + 0.3 * v[REDUNDANT];
      y[i] =
          2 * Math.sin(2 * v[0])
              + v[1] * v[1]
              + 1.5 * v[2] * v[3]
              + Math.tanh(3 * v[4])
              + 0.5 * random.nextGaussian();
    }
    List<String> names = new ArrayList<>();
    for (int j = 1; j <= FEATURES; j++) {
      names.add("x" + j);
    }
    return new Problem(Task.REGRESSION, names, x, y, List.of());
  }

  /**
   * Hits among the five best scores, a redundant one counted half; what is expected where equal
   * scores are ordered at random.
   */
  public static double hits(double[] scores) {
    double hits = 0;
    for (int i = 0; i <= REDUNDANT; i++) {
      double own = scores[i];
      long above = Arrays.stream(scores).filter(score -> score > own).count();
      long equal = Arrays.stream(scores).filter(score -> score == own).count();
      double chance = Math.clamp((double) (RELEVANT - above) / equal, 0, 1);
      hits += i == REDUNDANT ? chance / 2 : chance;
    }
    return hits;
  }

  /** P(a relevant feature is scored above a noise column), the redundant one left out. */
  public static double area(double[] scores) {
    double above = 0;
    for (int i = 0; i < RELEVANT; i++) {
      for (int j = REDUNDANT + 1; j < FEATURES; j++) {
        above += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      }
    }
    return above / RELEVANT / (FEATURES - REDUNDANT - 1);
  }
}
