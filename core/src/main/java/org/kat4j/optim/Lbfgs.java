package org.kat4j.optim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.kat4j.config.Check;

/**
 * Limited-memory BFGS with a strong Wolfe line search, in float64.
 *
 * <p>The direction is -H g, where H is built from the last {@code history} moves s and changes of
 * gradient y by the two-loop recursion, starting from (s.y / y.y) times identity. Moves, order of
 * evaluations and reasons to stop are those of {@code torch.optim.LBFGS} with {@code
 * line_search_fn="strong_wolfe"}. All vectors are on the host: this is for models of thousands of
 * numbers, not millions. Source: Nocedal and Wright, Numerical Optimization, algorithm 7.4.
 */
public final class Lbfgs {
  /**
   * @param lr first length tried on each line
   * @param iterations directions of one {@link #step}
   * @param evaluations of one step, after which no new direction is taken
   * @param gradientTolerance a largest derivative of at most this ends a step
   * @param changeTolerance a move or a change of the loss below this ends a step
   * @param history pairs that are remembered
   */
  public record Spec(
      double lr,
      int iterations,
      int evaluations,
      double gradientTolerance,
      double changeTolerance,
      int history) {
    public Spec {
      Check.positive("lr", lr);
      Check.between("iterations", iterations, 1, 1_000_000);
      Check.between("evaluations", evaluations, 1, 1_000_000);
      Check.inRange("gradientTolerance", gradientTolerance, 0, Double.POSITIVE_INFINITY);
      Check.inRange("changeTolerance", changeTolerance, 0, Double.POSITIVE_INFINITY);
      Check.between("history", history, 1, 1000);
    }

    /** PyTorch's defaults. */
    public static Spec example() {
      return new Spec(1, 20, 25, 1e-7, 1e-9, 100);
    }

    /** What pykan trains with: small losses need small tolerances. */
    public static Spec pykan() {
      return new Spec(1, 20, 25, 1e-32, 1e-32, 10);
    }
  }

  private static final double SMALLEST_CURVATURE = 1e-10;

  /** A move s, the change of gradient y along it, and 1 / y.s. */
  @SuppressWarnings("ArrayRecordComponent") // working memory of the iteration, never compared
  private record Pair(double[] move, double[] change, double inverse) {}

  private final Spec spec;
  private final Objective objective;
  private final Deque<Pair> pairs = new ArrayDeque<>();
  private double[] point;
  private double[] lastMove = {};
  private double[] lastGradient = {};
  private double scale = 1;

  /**
   * @param start where to begin; copied
   */
  public Lbfgs(Spec spec, Objective objective, double[] start) {
    this.spec = spec;
    this.objective = objective;
    point = start.clone();
  }

  /** Where the search stands. */
  public double[] point() {
    return point.clone();
  }

  /**
   * Up to {@code iterations} moves; what was learned of the curvature is kept for the next step.
   *
   * @return the loss at {@link #point}
   */
  public double step() {
    double[] gradient = new double[point.length];
    double loss = objective.at(point, gradient);
    int evaluations = 1;
    for (int i = 0; i < spec.iterations && evaluations < spec.evaluations; i++) {
      if (Vectors.largest(gradient) <= spec.gradientTolerance) {
        break;
      }
      boolean first = lastMove.length == 0;
      double[] direction = first ? Vectors.times(-1, gradient) : direction(gradient);
      if (Vectors.dot(gradient, direction) > -spec.changeTolerance) {
        break;
      }
      var line = new WolfeLineSearch(objective, point, direction, loss, gradient);
      double length = first ? Math.min(1, 1 / Vectors.sumOfSizes(gradient)) * spec.lr : spec.lr;
      WolfeLineSearch.Point reached = line.from(length);
      evaluations += line.evaluations();
      lastMove = Vectors.times(reached.step(), direction);
      lastGradient = gradient;
      point = Vectors.plus(point, 1, lastMove);
      gradient = reached.gradient();
      double change = Math.abs(reached.loss() - loss);
      loss = reached.loss();
      if (Vectors.largest(lastMove) <= spec.changeTolerance || change < spec.changeTolerance) {
        break;
      }
    }
    return loss;
  }

  /** -H g. */
  private double[] direction(double[] gradient) {
    double[] change = Vectors.plus(gradient, -1, lastGradient);
    double curvature = Vectors.dot(change, lastMove);
    if (curvature > SMALLEST_CURVATURE) {
      if (pairs.size() == spec.history) {
        pairs.removeFirst();
      }
      pairs.addLast(new Pair(lastMove, change, 1 / curvature));
      scale = curvature / Vectors.dot(change, change);
    }
    List<Pair> newestFirst = new ArrayList<>(pairs);
    Collections.reverse(newestFirst);
    double[] q = Vectors.times(-1, gradient);
    double[] shares = new double[newestFirst.size()];
    for (int i = 0; i < shares.length; i++) {
      Pair pair = newestFirst.get(i);
      shares[i] = pair.inverse * Vectors.dot(pair.move, q);
      q = Vectors.plus(q, -shares[i], pair.change);
    }
    double[] r = Vectors.times(scale, q);
    for (int i = shares.length - 1; i >= 0; i--) {
      Pair pair = newestFirst.get(i);
      double back = pair.inverse * Vectors.dot(pair.change, r);
      r = Vectors.plus(r, shares[i] - back, pair.move);
    }
    return r;
  }
}
