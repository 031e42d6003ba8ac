package org.kat4j.optim;

/**
 * A step along a direction after which the loss has fallen enough and its slope has flattened
 * enough: the strong Wolfe conditions, by bracketing and cubic interpolation.
 *
 * <p>f(t) &lt;= f(0) + c1 t f'(0) and |f'(t)| &lt;= c2 |f'(0)|. Source: Nocedal and Wright,
 * Numerical Optimization, algorithms 3.5 and 3.6, with the constants and safeguards of {@code
 * torch.optim.LBFGS}.
 */
final class WolfeLineSearch {
  private static final double ENOUGH_DECREASE = 1e-4; // c1
  private static final double ENOUGH_FLATNESS = 0.9; // c2
  private static final double SMALLEST_MOVE = 1e-9;
  private static final int MAX_STEPS = 25;

  private final Objective objective;
  private final double[] start;
  private final double[] direction;
  private final Point origin;
  private int evaluations;

  /**
   * The loss at one step length.
   *
   * @param slope derivative along the direction
   */
  @SuppressWarnings("ArrayRecordComponent") // working memory of the search, never compared
  record Point(double step, double loss, double[] gradient, double slope) {}

  WolfeLineSearch(
      Objective objective, double[] start, double[] direction, double loss, double[] gradient) {
    this.objective = objective;
    this.start = start;
    this.direction = direction;
    origin = new Point(0, loss, gradient, Vectors.dot(gradient, direction));
  }

  /** How often the objective was evaluated. */
  int evaluations() {
    return evaluations;
  }

  /** The place to go to, tried first at {@code step}. */
  Point from(double step) {
    Point before = origin;
    Point here = evaluate(step);
    for (int i = 0; i < MAX_STEPS; i++) {
      if (tooHigh(here) || (i > 1 && here.loss >= before.loss)) {
        return zoom(before, here, i);
      }
      if (flat(here)) {
        return here;
      }
      if (here.slope >= 0) {
        return zoom(before, here, i);
      }
      double next =
          minimumOfCubic(
              before, here, here.step + 0.01 * (here.step - before.step), 10 * here.step);
      before = here;
      here = evaluate(next);
    }
    return here.loss <= origin.loss ? here : origin;
  }

  /** Narrows a bracket that holds a good step. */
  private Point zoom(Point one, Point other, int steps) {
    Point low = one.loss <= other.loss ? one : other;
    Point high = low == one ? other : one;
    double reach = Vectors.largest(direction);
    boolean crowded = false;
    for (int i = steps;
        i < MAX_STEPS && Math.abs(high.step - low.step) * reach >= SMALLEST_MOVE;
        i++) {
      double least = Math.min(low.step, high.step);
      double most = Math.max(low.step, high.step);
      double step = minimumOfCubic(low, high, least, most);
      double margin = 0.1 * (most - least);
      boolean nearEnd = Math.min(most - step, step - least) < margin;
      if (nearEnd && (crowded || step >= most || step <= least)) {
        step = Math.abs(step - most) < Math.abs(step - least) ? most - margin : least + margin;
        crowded = false;
      } else {
        crowded = nearEnd;
      }
      Point here = evaluate(step);
      if (tooHigh(here) || here.loss >= low.loss) {
        high = here;
      } else {
        if (flat(here)) {
          return here;
        }
        if (here.slope * (high.step - low.step) >= 0) {
          high = low;
        }
        low = here;
      }
    }
    return low;
  }

  private boolean tooHigh(Point p) {
    return p.loss > origin.loss + ENOUGH_DECREASE * p.step * origin.slope;
  }

  private boolean flat(Point p) {
    return Math.abs(p.slope) <= -ENOUGH_FLATNESS * origin.slope;
  }

  private Point evaluate(double step) {
    evaluations++;
    double[] gradient = new double[start.length];
    double loss = objective.at(Vectors.plus(start, step, direction), gradient);
    if (!Double.isFinite(loss)) {
      loss = Double.POSITIVE_INFINITY; // outside of the function's domain: a step too far
    }
    return new Point(step, loss, gradient, Vectors.dot(gradient, direction));
  }

  /** Where the cubic through two values and slopes is lowest, kept within [least, most]. */
  private static double minimumOfCubic(Point a, Point b, double least, double most) {
    Point left = a.step <= b.step ? a : b;
    Point right = left == a ? b : a;
    double width = right.step - left.step;
    double d1 = left.slope + right.slope - 3 * (right.loss - left.loss) / width;
    double square = d1 * d1 - left.slope * right.slope;
    double step = Double.NaN;
    if (square >= 0) {
      double d2 = Math.sqrt(square);
      step = right.step - width * (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2);
    }
    return Double.isFinite(step) ? Math.clamp(step, least, most) : (least + most) / 2;
  }
}
