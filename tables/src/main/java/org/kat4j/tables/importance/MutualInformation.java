package org.kat4j.tables.importance;

import java.util.Arrays;
import java.util.function.DoublePredicate;
import org.kat4j.data.RandomStream;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;

/**
 * Mutual information of each feature with the target, in nats, from distances to neighbours; not
 * below 0.
 *
 * <p>Source: Kraskov, Stögbauer, Grassberger, Physical Review E 69, 066138 (two numbers); Ross,
 * PLOS ONE 9(2), e87357 (a number and classes).
 */
final class MutualInformation {
  static final int NEIGHBOURS = 3;

  private MutualInformation() {}

  static double[] of(Problem problem) {
    double[] information = new double[problem.features().size()];
    for (int j = 0; j < information.length; j++) {
      int feature = j;
      double[] x =
          standardised(Arrays.stream(problem.x()).mapToDouble(row -> row[feature]).toArray());
      double nats =
          problem.task() == Task.CLASSIFICATION
              ? withClasses(x, problem.y())
              : ofNumbers(x, standardised(problem.y()));
      information[j] = Math.max(0, nats);
    }
    return information;
  }

  /** psi(n) + mean psi(k_i) - mean psi(rows of the class) - mean psi(rows as near as the k-th). */
  static double withClasses(double[] x, double[] y) {
    int n = 0;
    double sum = 0;
    double[] used = new double[x.length];
    double[] radius = new double[x.length];
    for (double label : Arrays.stream(y).distinct().toArray()) {
      double[] own = new double[x.length];
      int count = 0;
      for (int i = 0; i < x.length; i++) {
        if (y[i] == label) {
          own[count++] = x[i];
        }
      }
      if (count == 1) {
        continue; // no neighbour to measure to
      }
      int k = Math.min(NEIGHBOURS, count - 1);
      double[] sorted = Arrays.copyOf(own, count);
      Arrays.sort(sorted);
      for (int i = 0; i < count; i++) {
        used[n] = own[i];
        radius[n++] = Math.nextDown(kth(sorted, own[i], k));
        sum += digamma(k) - digamma(count);
      }
    }
    if (n == 0) {
      return 0; // classes of one row each say nothing
    }
    double[] all = Arrays.copyOf(used, n);
    Arrays.sort(all);
    for (int i = 0; i < n; i++) {
      sum -= digamma(Math.max(1, within(all, used[i], radius[i])));
    }
    return digamma(n) + sum / n;
  }

  /** psi(n) + psi(k) - mean psi(nx + 1) - mean psi(ny + 1). */
  static double ofNumbers(double[] x, double[] y) {
    int n = x.length;
    int k = Math.min(NEIGHBOURS, n - 1);
    double[] sortedX = x.clone();
    double[] sortedY = y.clone();
    Arrays.sort(sortedX);
    Arrays.sort(sortedY);
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double[] nearest = new double[k];
      Arrays.fill(nearest, Double.POSITIVE_INFINITY);
      for (int other = 0; other < n; other++) {
        double distance = Math.max(Math.abs(x[other] - x[i]), Math.abs(y[other] - y[i]));
        if (other != i && distance < nearest[k - 1]) {
          int place = k - 1;
          while (place > 0 && nearest[place - 1] > distance) {
            nearest[place] = nearest[place - 1];
            place--;
          }
          nearest[place] = distance;
        }
      }
      double radius = Math.nextDown(nearest[k - 1]);
      // Counts hold the row itself: they are nx + 1 and ny + 1.
      sum += digamma(Math.max(1, within(sortedX, x[i], radius)));
      sum += digamma(Math.max(1, within(sortedY, y[i], radius)));
    }
    return digamma(n) + digamma(k) - sum / n;
  }

  /** Distance to the k-th nearest of sorted values, the value itself not counted. */
  private static double kth(double[] sorted, double value, int k) {
    int below = Arrays.binarySearch(sorted, value) - 1;
    int above = below + 2;
    double distance = 0;
    for (int step = 0; step < k; step++) {
      double left = below >= 0 ? value - sorted[below] : Double.POSITIVE_INFINITY;
      double right = above < sorted.length ? sorted[above] - value : Double.POSITIVE_INFINITY;
      distance = Math.min(left, right);
      if (left <= right) {
        below--;
      } else {
        above++;
      }
    }
    return distance;
  }

  /**
   * How many sorted values are at most a radius away, by the same subtractions that distances come
   * from: value + radius would be rounded onto the neighbour that is not to be counted.
   */
  private static int within(double[] sorted, double value, double radius) {
    int first = first(sorted, other -> value - other <= radius);
    int end = first(sorted, other -> other - value > radius);
    return end - first;
  }

  /** The first place whose value and all after it meet a condition. */
  private static int first(double[] sorted, DoublePredicate condition) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (condition.test(sorted[middle])) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** Deviation 1, and noise of 1e-10 by place so that equal values are apart. */
  private static double[] standardised(double[] values) {
    double mean = Arrays.stream(values).average().orElse(0);
    double variance = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElse(0);
    double deviation = variance > 0 ? Math.sqrt(variance) : 1;
    double[] scaled = new double[values.length];
    var noise = RandomStream.of(values.length);
    for (int i = 0; i < values.length; i++) {
      scaled[i] = (values[i] - mean) / deviation + 1e-10 * noise.nextDouble(-1, 1);
    }
    return scaled;
  }

  /** The logarithmic derivative of the gamma function at whole numbers and above 0. */
  static double digamma(double x) {
    double value = 0;
    double at = x;
    while (at < 6) {
      value -= 1 / at;
      at++;
    }
    double inverse = 1 / (at * at);
    return value
        + Math.log(at)
        - 0.5 / at
        - inverse * (1.0 / 12 - inverse * (1.0 / 120 - inverse * (1.0 / 252 - inverse / 240)));
  }
}
