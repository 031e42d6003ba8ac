package org.kat4j.function;

import java.util.Arrays;

/**
 * Nonlinear least squares with some parameters bounded below by 0: Gauss-Newton steps, damped until
 * the residual really falls, cut off at the bound.
 */
public final class LevenbergMarquardt {
  private static final double FIRST_DAMPING = 1e-3;
  private static final double LEAST_DAMPING = 1e-14;
  private static final double MOST_DAMPING = 1e10;
  private static final double IDLE = 1e-12;
  private static final int PATIENCE = 5;

  private LevenbergMarquardt() {}

  /** A vector of residuals that depends on some parameters. */
  public interface Problem {
    /** Whether this parameter must stay at 0 or above. */
    boolean bounded(int parameter);

    /** Residuals, and {@code jacobian[parameter][residual]} with their derivatives. */
    Point at(double[] parameters);
  }

  /** The problem seen from one place. */
  @SuppressWarnings("ArrayRecordComponent") // working memory of the iteration, never compared
  public record Point(double[] parameters, double[] residual, double[][] jacobian, double cost) {
    public Point(double[] parameters, double[] residual, double[][] jacobian) {
      this(parameters, residual, jacobian, Math.sqrt(LeastSquares.dot(residual, residual)));
    }
  }

  /** A local minimum of the norm of the residuals, reached from {@code start}. */
  public static Point minimise(Problem problem, double[] start, int steps) {
    Point best = problem.at(start);
    double damping = FIRST_DAMPING;
    int idle = 0;
    for (int step = 0; step < steps && idle < PATIENCE && damping < MOST_DAMPING; step++) {
      Point next = problem.at(dampedStep(problem, best, damping));
      if (next.cost < best.cost) {
        idle = best.cost - next.cost < IDLE * best.cost ? idle + 1 : 0;
        best = next;
        damping = Math.max(damping / 5, LEAST_DAMPING);
      } else {
        damping *= 4;
      }
    }
    return best;
  }

  /** Solves (J^T J + damping diag(J^T J)) step = J^T r, as a taller system that squares nothing. */
  private static double[] dampedStep(Problem problem, Point from, double damping) {
    int unknowns = from.parameters.length;
    int rows = from.residual.length;
    double[][] matrix = new double[unknowns][rows + unknowns];
    for (int j = 0; j < unknowns; j++) {
      double[] column = from.jacobian[j];
      boolean atBound = problem.bounded(j) && from.parameters[j] == 0;
      if (atBound && LeastSquares.dot(column, from.residual) >= 0) {
        continue; // it would only be pushed out of bounds: leave it out of this step
      }
      System.arraycopy(column, 0, matrix[j], 0, rows);
      matrix[j][rows + j] = Math.sqrt(damping * LeastSquares.dot(column, column));
    }
    double[] step = LeastSquares.solve(matrix, Arrays.copyOf(from.residual, rows + unknowns));
    double[] parameters = new double[unknowns];
    for (int j = 0; j < unknowns; j++) {
      double moved = from.parameters[j] - step[j];
      parameters[j] = problem.bounded(j) ? Math.max(moved, 0) : moved;
    }
    return parameters;
  }
}
