package org.kat4j.explain.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Sums of few of many columns that come near to a target, with a constant: all pairs are looked at,
 * and the best of them grow, several at once (orthogonal least squares with a beam). One column at
 * a time would miss x^2 + y^2: many functions of both are nearer to it than x^2 alone.
 */
final class SparseSum {
  private static final int BEAM = 8;
  private static final int PAIRS = 30;
  private static final int MOST_PAIRED = 2_500; // columns; their products take 25 MB
  private static final double SAME_DIRECTION = 1e-9; // of a column's square that is new, at least
  private static final double NEARLY_SAME = 1e-6; // as products in single precision tell
  private static final double SAME = 1 - 1e-12; // of a product
  private static final int REPORTED = 5;
  private static final double EXACT = 1e-22; // of the target's square that is left

  private final double[][] columns; // centred, of length 1
  private final float[][] products; // of every two columns, the later one first; none of too many
  private final boolean[] idle; // columns that say what one before them says
  private final double[] target; // centred
  private final double size; // its square

  /** A sum of some columns; its residual is orthogonal to them. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record State(
      List<Integer> chosen, List<double[]> directions, double[] residual, double left) {}

  private SparseSum(double[][] columns, float[][] products, boolean[] idle, double[] target) {
    this.idle = idle;
    this.columns = columns;
    this.products = products;
    this.target = centred(target);
    size = dot(this.target, this.target);
  }

  /**
   * @param columns {@code [column][row]}, finite
   */
  static SparseSum of(double[][] columns, double[] target) {
    double[][] units = Arrays.stream(columns).map(SparseSum::unit).toArray(double[][]::new);
    int paired = units.length <= MOST_PAIRED ? units.length : 0;
    float[][] products = new float[paired][];
    boolean[] idle = new boolean[units.length];
    for (int i = 0; i < paired; i++) {
      products[i] = new float[i];
      for (int j = 0; j < i; j++) {
        double product = dot(units[i], units[j]);
        products[i][j] = (float) product;
        idle[i] |= Math.abs(product) > SAME;
      }
    }
    return new SparseSum(units, products, idle, target);
  }

  /** The same columns with another target. */
  SparseSum with(double[] other) {
    return new SparseSum(columns, products, idle, other);
  }

  /** Sets of columns: the best few of one, the best few of two, and so on up to {@code most}. */
  List<List<Integer>> upTo(int most) {
    List<List<Integer>> found = new ArrayList<>();
    List<State> beam = List.of(new State(List.of(), List.of(), target, size));
    for (int count = 1; count <= most; count++) {
      beam = count == 2 && products.length > 0 ? pairs() : longer(beam);
      beam.stream().limit(REPORTED).forEach(state -> found.add(state.chosen));
      if (beam.isEmpty() || beam.getFirst().left <= EXACT * size) {
        break;
      }
    }
    return found;
  }

  private record Pair(int first, int second, double gone) {}

  /** The best of all pairs. */
  private List<State> pairs() {
    double[] along = Arrays.stream(columns).mapToDouble(c -> dot(c, target)).toArray();
    var best = new PriorityQueue<Pair>(Comparator.comparingDouble(Pair::gone));
    for (int i = 0; i < columns.length; i++) {
      for (int j = 0; j < i; j++) {
        double common = products[i][j];
        double fresh = 1 - common * common;
        double gone =
            (along[i] * along[i] + along[j] * along[j] - 2 * along[i] * along[j] * common) / fresh;
        if (!idle[i]
            && !idle[j]
            && fresh > NEARLY_SAME
            && (best.size() < PAIRS || gone > best.element().gone)) {
          best.add(new Pair(i, j, gone));
          if (best.size() > PAIRS) {
            best.remove();
          }
        }
      }
    }
    State none = new State(List.of(), List.of(), target, size);
    return best.stream()
        .map(pair -> with(new Step(with(new Step(none, pair.first, 0)), pair.second, 0)))
        .sorted(Comparator.comparingDouble(State::left))
        .toList();
  }

  private record Step(State from, int column, double left) {}

  private List<State> longer(List<State> beam) {
    List<Step> steps = new ArrayList<>();
    for (State state : beam) {
      List<Step> own = new ArrayList<>();
      for (int c = 0; c < columns.length; c++) {
        double[] column = columns[c];
        double fresh = 1;
        for (double[] direction : state.directions) {
          double along = dot(direction, column);
          fresh -= along * along;
        }
        if (!idle[c] && fresh > SAME_DIRECTION) {
          double along = dot(column, state.residual);
          own.add(new Step(state, c, state.left - along * along / fresh));
        }
      }
      own.sort(Comparator.comparingDouble(Step::left));
      steps.addAll(own.subList(0, Math.min(2 * BEAM, own.size())));
    }
    steps.sort(Comparator.comparingDouble(Step::left));
    Set<Set<Integer>> seen = new HashSet<>();
    List<State> next = new ArrayList<>();
    for (Step step : steps) {
      if (next.size() < BEAM) {
        State longer = with(step);
        if (seen.add(Set.copyOf(longer.chosen))) {
          next.add(longer);
        }
      }
    }
    return next;
  }

  private State with(Step step) {
    double[] direction = columns[step.column].clone();
    for (int pass = 0; pass < 2; pass++) { // twice is enough for what rounding leaves
      for (double[] other : step.from.directions) {
        subtract(direction, other, dot(direction, other));
      }
    }
    double length = Math.sqrt(dot(direction, direction));
    for (int i = 0; i < direction.length; i++) {
      direction[i] /= length;
    }
    double[] residual = step.from.residual.clone();
    subtract(residual, direction, dot(direction, residual));
    List<Integer> chosen = new ArrayList<>(step.from.chosen);
    chosen.add(step.column);
    List<double[]> directions = new ArrayList<>(step.from.directions);
    directions.add(direction);
    return new State(List.copyOf(chosen), directions, residual, dot(residual, residual));
  }

  private static double[] centred(double[] values) {
    double mean = Arrays.stream(values).average().orElse(0);
    return Arrays.stream(values).map(v -> v - mean).toArray();
  }

  private static double[] unit(double[] values) {
    double[] centred = centred(values);
    double length = Math.sqrt(dot(centred, centred));
    for (int i = 0; i < centred.length; i++) {
      centred[i] /= length > 0 ? length : 1;
    }
    return centred;
  }

  private static void subtract(double[] from, double[] direction, double factor) {
    for (int i = 0; i < from.length; i++) {
      from[i] -= factor * direction[i];
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
