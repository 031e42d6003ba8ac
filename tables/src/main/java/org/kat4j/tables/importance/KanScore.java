package org.kat4j.tables.importance;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.kan.BSpline;
import org.kat4j.model.KanNetwork;
import org.kat4j.tables.Problem;
import org.kat4j.tables.model.Fitted;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * Scores from a trained network whose first layer is a {@link BSpline}.
 *
 * <p>phi[i, o](x) is what the first layer's edge from feature i adds to node o. Source: arXiv
 * 2509.23366; the paper's text has the coefficients' norms, its code the contributions'.
 */
public enum KanScore implements Selector {
  /** Mean over rows and nodes of |phi|. */
  KAN_L1,
  /** Root of the mean over rows and nodes of phi^2. */
  KAN_L2,
  /**
   * As {@link #KAN_L1} with every edge's mean taken off first: a constant edge is worth nothing.
   */
  KAN_L1_CENTRED,
  /** Sum over nodes of the absolute spline coefficients. */
  KAN_L1_COEFFICIENTS,
  /** Root of the sum over nodes of the squared spline coefficients. */
  KAN_L2_COEFFICIENTS,
  /** Mean over rows of |d/dx_i of the sum of the absolute outputs|. */
  KAN_SI,
  /** By how much the loss grows without the feature's edges; not below 0. */
  KAN_KO;

  /**
   * Scores of sum 1, or all 0.
   *
   * @param fitted unchanged afterwards
   * @param rows scaled as in training; not seen there, best
   */
  public double[] scores(Fitted fitted, Problem rows) {
    if (!(fitted.network() instanceof KanNetwork network)
        || !(network.layers().getFirst() instanceof BSpline first)) {
      throw new IllegalArgumentException("a KAN of B-splines is needed");
    }
    double[] raw =
        switch (this) {
          case KAN_SI -> sensitivity(fitted, rows);
          case KAN_KO -> positive(knockOuts(fitted, rows));
          default -> ofFirstLayer(first, fitted, rows);
        };
    return Selector.normalised(raw);
  }

  private double[] ofFirstLayer(BSpline first, Fitted fitted, Problem rows) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      return switch (this) {
        case KAN_L1_COEFFICIENTS -> l1(perFeature(first.coefficients()));
        case KAN_L2_COEFFICIENTS -> l2(perFeature(first.coefficients()));
        default -> {
          Tensor edges = first.edges(Fitted.tensor(rows.x(), fitted.dtype())); // [rows, out, in]
          Tensor centred = this == KAN_L1_CENTRED ? edges.sub(edges.mean(0).unsqueeze(0)) : edges;
          Tensor values = perFeature(centred.permute(1, 2, 0)); // [in, out rows]
          yield scaled(
              this == KAN_L2 ? l2(values) : l1(values),
              this == KAN_L2 ? 1 / Math.sqrt(values.size(1)) : 1.0 / values.size(1));
        }
      };
    }
  }

  /** {@code [out, in, k]} to {@code [in, out k]}. */
  private static Tensor perFeature(Tensor values) {
    return values.transpose(0, 1).flatten(1, 2);
  }

  private static double[] l1(Tensor rows) {
    return Memory.doubles(rows.abs().sum(1));
  }

  private static double[] l2(Tensor rows) {
    return Memory.doubles(rows.square().sum(1).sqrt());
  }

  private static double[] scaled(double[] values, double factor) {
    return Arrays.stream(values).map(v -> v * factor).toArray();
  }

  private static double[] positive(double[] values) {
    return Arrays.stream(values).map(v -> Math.max(0, v)).toArray();
  }

  private static double[] sensitivity(Fitted fitted, Problem rows) {
    try (Scope _ = Scope.open()) {
      Tensor x = Backpropagation.leaf(Fitted.tensor(rows.x(), fitted.dtype()), fitted.dtype());
      Backpropagation.run(fitted.network().forward(x, Pass.evaluation()).abs().sum());
      double[] scores = Memory.doubles(x.grad().abs().mean(0));
      StateDict.clearGradients(StateDict.trained(fitted.network()));
      return scores;
    }
  }

  /**
   * Growth of the loss without each feature's edges, with its sign: what is below 0 does harm.
   *
   * @param fitted its parameters are the same bits afterwards
   */
  public static double[] knockOuts(Fitted fitted, Problem rows) {
    double whole = fitted.loss(rows);
    Map<String, Tensor> first = StateDict.of(fitted.network());
    double[] growth = new double[rows.features().size()];
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor base = Objects.requireNonNull(first.get("layers.0.base_weight")); // [out, in]
      Tensor scaler = Objects.requireNonNull(first.get("layers.0.spline_scaler")); // [out, in]
      Tensor savedBase = base.detach().clone();
      Tensor savedScaler = scaler.detach().clone();
      for (int i = 0; i < growth.length; i++) {
        base.select(1, i).zero_();
        scaler.select(1, i).zero_(); // takes the spline out as a whole
        growth[i] = fitted.loss(rows) - whole;
        base.copy_(savedBase);
        scaler.copy_(savedScaler);
      }
    }
    return growth;
  }
}
