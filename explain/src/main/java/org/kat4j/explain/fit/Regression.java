package org.kat4j.explain.fit;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.explain.symbolic.Samples;
import org.kat4j.function.kan.NetworkJacobian;
import org.kat4j.function.kan.PykanNetwork;
import org.kat4j.optim.GaussNewton;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;

/** Samples as a network sees them: inputs in [-1, 1], targets of mean 0 and deviation 1. */
final class Regression implements AutoCloseable {
  private static final int MOST_CORNERED = 8;

  private final Tensor x; // [rows, in]
  private final Tensor y; // [rows]
  private final Tensor domain; // [rows + corners, in]
  private final double deviation;

  Regression(FitData data, Samples samples) {
    int rows = samples.rows();
    int in = data.features().size();
    double mean = data.mean();
    deviation = data.deviation();
    double[] inputs = new double[rows * in];
    double[] targets = new double[rows];
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < in; j++) {
        FitData.Range range = data.ranges().get(j);
        inputs[r * in + j] = (samples.inputs()[r][j] - range.middle()) / range.half();
      }
      targets[r] = (samples.targets()[r] - mean) / deviation;
    }
    x = Scope.keep(Memory.doubles(inputs, rows, in));
    domain = Scope.keep(withCorners(inputs, in));
    y = Scope.keep(Memory.doubles(targets, rows));
  }

  /** The inputs and the corners of the cube in which inputs lie. */
  private static Tensor withCorners(double[] inputs, int in) {
    int corners = in <= MOST_CORNERED ? 1 << in : 2; // of many: the lowest and the highest
    double[] all = Arrays.copyOf(inputs, inputs.length + corners * in);
    for (int c = 0; c < corners; c++) {
      for (int j = 0; j < in; j++) {
        boolean high = in <= MOST_CORNERED ? (c >> j & 1) == 1 : c == 1;
        all[inputs.length + c * in + j] = high ? 1 : -1;
      }
    }
    return Memory.doubles(all, all.length / in, in);
  }

  /** {@code [rows, in]}. */
  Tensor x() {
    return x;
  }

  /**
   * Where grids have to reach: a spline is 0 beyond its grid, and other rows lie beyond these ones.
   * {@code [rows + corners, in]}.
   */
  Tensor domain() {
    return domain;
  }

  /** {@code [rows]}. */
  Tensor residuals(PykanNetwork network) {
    return network.forward(x).select(1, 0).sub(y);
  }

  /** Mean of squares of what {@link #residuals} gives: a scalar. */
  Tensor loss(PykanNetwork network) {
    return residuals(network).square().mean();
  }

  /** Root of the mean squared error, on the targets' own scale. */
  double error(PykanNetwork network) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      return deviation * Math.sqrt(Memory.doubles(loss(network))[0]);
    }
  }

  /** From a sum of squared residuals to what {@link #error} gives. */
  double error(double cost) {
    return deviation * Math.sqrt(cost / y.size(0));
  }

  /** The least-squares problem of a network's numbers. */
  GaussNewton.Problem problem(PykanNetwork network) {
    var jacobian = new NetworkJacobian(network);
    return new GaussNewton.Problem() {
      @Override
      public List<Tensor> parameters() {
        return jacobian.parameters();
      }

      @Override
      public Tensor residuals() {
        return Regression.this.residuals(network);
      }

      @Override
      public Tensor jacobian() {
        return jacobian.at(x);
      }
    };
  }

  @Override
  public void close() {
    x.close();
    domain.close();
    y.close();
  }
}
