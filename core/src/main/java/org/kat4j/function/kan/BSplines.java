package org.kat4j.function.kan;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.torch.Scope;

/**
 * B-splines on knots that may differ from input to input: values, knots and least squares.
 *
 * <p>A grid of G intervals and order k has the G + 2 k + 1 knots {@code grid[in, knots]}, k of them
 * beyond each end, and G + k basis functions. Outside of all knots every basis function is 0.
 */
public final class BSplines {
  /**
   * By singular values. libtorch's default, gelsy, is not to be relied on where samples miss some
   * splines: the recorded refinement of pykan holds zeros there, and tries of ours differed.
   */
  private static final String SOLVER = "gelsd";

  private BSplines() {}

  /** Knots t_j = low + (j - k) (high - low) / G, j = 0 to G + 2 k. */
  static double[] knots(double low, double high, int intervals, int order) {
    double[] knots = new double[intervals + 2 * order + 1];
    double step = (high - low) / intervals;
    for (int j = 0; j < knots.length; j++) {
      knots[j] = low + (j - order) * step;
    }
    return knots;
  }

  /** Adds {@code order} knots of the mean distance beyond both ends: {@code [in, G + 1]}. */
  static Tensor extended(Tensor inner, int order) {
    long last = inner.size(1) - 1;
    Tensor step = inner.narrow(1, last, 1).sub(inner.narrow(1, 0, 1)).div(new Scalar(last));
    return extended(inner, step, order);
  }

  /** Adds {@code order} knots of distance {@code step [in, 1]} beyond both ends. */
  static Tensor extended(Tensor inner, Tensor step, int order) {
    if (order == 0) {
      return inner;
    }
    Tensor counts = count(order, inner).add(new Scalar(1)); // 1, 2, ..., order
    Tensor first = inner.narrow(1, 0, 1);
    Tensor last = inner.narrow(1, inner.size(1) - 1, 1);
    return torch.cat(
        new TensorVector(first.sub(step.mul(counts.flip(0))), inner, last.add(step.mul(counts))),
        1);
  }

  /** 0, 1, ..., n - 1 in the dtype of another tensor. */
  static Tensor count(long n, Tensor like) {
    return torch.arange(
        new Scalar(n),
        new TensorOptions(like.scalar_type()).device(new DeviceOptional(like.device())));
  }

  /**
   * Cox and de Boor's recursion on tensors, with second derivatives.
   *
   * <p>B[j,0] = 1 on [t_j, t_j+1); B[j,p] = (x - t_j) / (t_j+p - t_j) B[j,p-1] + (t_j+p+1 - x) /
   * (t_j+p+1 - t_j+1) B[j+1,p-1], where a term over equal knots is 0.
   *
   * @param x {@code [..., in]}
   * @param grid {@code [in, knots]}
   * @return {@code [..., in, knots - 1 - order]}
   */
  public static Tensor basis(Tensor x, Tensor grid, int order) {
    Tensor v = x.unsqueeze(-1); // [..., in, 1]
    long knots = grid.size(1);
    Tensor values =
        v.ge(grid.narrow(1, 0, knots - 1))
            .logical_and(v.lt(grid.narrow(1, 1, knots - 1)))
            .to(x.scalar_type()); // [..., in, knots - 1]
    for (int p = 1; p <= order; p++) {
      long n = knots - 1 - p;
      Tensor start = grid.narrow(1, 0, n);
      Tensor end = grid.narrow(1, p + 1, n);
      Tensor rising = v.sub(start).mul(inverse(grid.narrow(1, p, n).sub(start)));
      Tensor falling = end.sub(v).mul(inverse(end.sub(grid.narrow(1, 1, n))));
      values = rising.mul(values.narrow(-1, 0, n)).add(falling.mul(values.narrow(-1, 1, n)));
    }
    return values;
  }

  /**
   * Derivatives of the basis functions by x.
   *
   * <p>B'[j,k] = k B[j,k-1] / (t_j+k - t_j) - k B[j+1,k-1] / (t_j+k+1 - t_j+1).
   *
   * @return {@code [..., in, knots - 1 - order]}
   */
  static Tensor slopes(Tensor x, Tensor grid, int order) {
    long n = grid.size(1) - 1 - order; // functions
    Tensor lower = basis(x, grid, order - 1); // [..., in, n + 1]
    Tensor widths = grid.narrow(1, order, n + 1).sub(grid.narrow(1, 0, n + 1));
    Tensor terms = lower.mul(inverse(widths)).mul(new Scalar(order));
    return terms.narrow(-1, 0, n).sub(terms.narrow(-1, 1, n));
  }

  /** 1 / width, and 0 where the width is 0. */
  private static Tensor inverse(Tensor width) {
    return torch.where(width.gt(new Scalar(0)), width.reciprocal(), torch.zeros_like(width));
  }

  /**
   * Coefficients of the splines that come nearest to given values, by least squares in float64; the
   * shortest ones where the values do not determine them.
   *
   * @param x {@code [rows, in]}
   * @param y {@code [rows, in, out]}
   * @param grid {@code [in, knots]}
   * @return {@code [in, out, basis]}, float64
   */
  static Tensor fit(Tensor x, Tensor y, Tensor grid, int order) {
    // The option is a view of these bytes: they have to live as long.
    try (var _ = Scope.noGradients();
        BytePointer solver = new BytePointer(SOLVER)) {
      Tensor basis = basis(exact(x), exact(grid), order).transpose(0, 1); // [in, rows, basis]
      Tensor values = exact(y).transpose(0, 1); // [in, rows, out]
      return torch
          .linalg_lstsq(
              basis.contiguous(),
              values.contiguous(),
              new DoubleOptional(),
              new StringViewOptional(solver))
          .get0()
          .transpose(1, 2);
    }
  }

  /**
   * Values of splines: {@code x [rows, in]}, {@code coefficients [in, out, basis]} to {@code [rows,
   * in, out]}.
   */
  static Tensor curves(Tensor x, Tensor coefficients, Tensor grid, int order) {
    return basis(x, grid, order)
        .transpose(0, 1) // [in, rows, basis]
        .matmul(coefficients.transpose(1, 2))
        .transpose(0, 1);
  }

  /** A copy on the CPU in float64: LAPACK's rank-revealing solver is there. */
  static Tensor exact(Tensor x) {
    return x.detach().cpu().to(ScalarType.Double);
  }
}
