package org.kat4j.optim;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Scope;

/**
 * Damped Gauss-Newton steps (Levenberg-Marquardt) on tensors: least squares with some thousands of
 * residuals and up to some thousands of parameters.
 *
 * <p>Solves (J^T J + mu D) step = J^T r by Cholesky, where D is the diagonal of J^T J and a small
 * part of its mean, and goes on from where the sum of squares really falls. For a handful of
 * parameters with bounds there is {@code org.kat4j.function.LevenbergMarquardt}. Source: Marquardt
 * 1963; damping after Nielsen 1999.
 */
public final class GaussNewton {
  /** Residuals of a model and their derivatives. */
  public interface Problem {
    /** What is fitted, in the order of the Jacobian's columns. */
    List<Tensor> parameters();

    /** {@code [rows]}. */
    Tensor residuals();

    /** {@code [rows, parameters]}. */
    Tensor jacobian();
  }

  private static final double FIRST_DAMPING = 1e-3;
  private static final double LEAST_DAMPING = 1e-15;
  private static final double MOST_DAMPING = 1e10;

  /** The part of the diagonal's mean that also parameters without influence get. */
  private static final double FLOOR = 1e-6;

  private final Problem problem;
  private double damping = FIRST_DAMPING;
  private double cost;
  private double raise = 2;

  public GaussNewton(Problem problem) {
    this.problem = problem;
    cost = currentCost();
  }

  /** The sum of squared residuals. */
  public double cost() {
    return cost;
  }

  /**
   * One step downhill; the parameters stay where they are if none is found.
   *
   * @return the part of the cost that is gone, 0 to 1; 0 at the bottom
   */
  public double step() {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor jacobian = problem.jacobian();
      Tensor slope = jacobian.t().matmul(problem.residuals().unsqueeze(1)); // [parameters, 1]
      Tensor normal = jacobian.t().matmul(jacobian);
      Tensor diagonal = normal.diagonal();
      Tensor scale = diagonal.add(diagonal.mean(), new Scalar(FLOOR));
      double[] start = FlatTensors.read(problem.parameters());
      for (; damping < MOST_DAMPING; damping *= raise, raise *= 2) {
        double gone = tryStep(normal, scale, slope, start);
        if (gone > 0) {
          return gone;
        }
      }
      FlatTensors.write(start, problem.parameters());
      damping = FIRST_DAMPING;
      raise = 2;
      return 0;
    }
  }

  private double tryStep(Tensor normal, Tensor scale, Tensor slope, double[] start) {
    try (Scope _ = Scope.open()) {
      Tensor damped = normal.add(scale.mul(new Scalar(damping)).diag());
      T_TensorTensor_T factor = torch.linalg_cholesky_ex(damped);
      if (factor.get1().item_int() != 0) {
        return 0; // not positive definite in float64: more damping
      }
      Tensor step = torch.cholesky_solve(slope, factor.get0()); // [parameters, 1]
      double predicted = // what the linear model promises
          step.mul(step.mul(scale.unsqueeze(1)).mul(new Scalar(damping)).add(slope))
              .sum()
              .item_double();
      double[] values = FlatTensors.read(List.of(step));
      FlatTensors.write(Vectors.plus(start, -1, values), problem.parameters());
      double next = currentCost();
      if (!(next < cost)) {
        return 0;
      }
      double quality = (cost - next) / predicted;
      double fall = 1 - Math.pow(2 * quality - 1, 3);
      damping = Math.max(damping * Math.max(1.0 / 3, Math.min(fall, 2)), LEAST_DAMPING);
      raise = 2;
      double gone = (cost - next) / cost;
      cost = next;
      return gone;
    }
  }

  private double currentCost() {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      return problem.residuals().square().sum().item_double();
    }
  }
}
