package org.kat4j.lab.network;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Records;
import org.kat4j.function.Linear;
import org.kat4j.function.kan.BSplines;
import org.kat4j.model.RowModel;
import org.kat4j.model.Signature;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * A perceptron of one hidden layer whose activations are B-splines, one for each hidden neuron:
 * KAN's basis without KAN's architecture.
 *
 * <p>y = W2 s(W1 x + b1) + b2, s_h(u) = sum_j c_hj B_j(u) (+ u with a residual). Outside of the
 * knots the splines are 0. Without the residual the activations start near 0, as in the source.
 * Source: KAN or MLP, arXiv 2407.16674.
 */
public final class SplinePerceptron implements RowModel {
  private static final double NOISE = 0.1;

  /**
   * @param features numbers of a row
   * @param outputs numbers of an answer, the logits of classes
   * @param hidden neurons
   * @param gridSize G, intervals of the grid
   * @param order k of the splines
   * @param low first point of the grid
   * @param high last point of the grid
   * @param residual whether the identity is added to every spline
   */
  public record Spec(
      int features,
      int outputs,
      int hidden,
      int gridSize,
      int order,
      double low,
      double high,
      boolean residual)
      implements RowModel.Spec {
    @Override
    public SplinePerceptron build(Context context) {
      return new SplinePerceptron(this, context);
    }

    @Override
    public Signature.Rows signature() {
      return new Signature.Rows(features, outputs);
    }

    @Override
    public Spec fittedTo(Signature other) {
      return Records.with(this, Signature.Rows.fields(other));
    }

    @Override
    public long macs() {
      // KANbeFair's count of one spline; its perceptron has splines on the outputs too, ours has
      // not.
      double spline = 9.0 * order * (gridSize + 1.5 * order) + 2.0 * gridSize - 2.5 * order - 1;
      double flops = 2.0 * hidden * (features + outputs) + hidden * (spline + (residual ? 1 : 0));
      return Math.round(flops / 2);
    }
  }

  private final Spec spec;
  private final Linear fc1;
  private final Linear fc2;
  private final Tensor grid; // [hidden, knots]
  private final Tensor coefficients; // [hidden, gridSize + order]

  private SplinePerceptron(Spec spec, Context context) {
    this.spec = spec;
    fc1 = new Linear(spec.features, spec.hidden, true, context);
    fc2 = new Linear(spec.hidden, spec.outputs, true, context);
    int knots = spec.gridSize + 2 * spec.order + 1;
    double step = (spec.high - spec.low) / spec.gridSize;
    double[] points = new double[spec.hidden * knots];
    for (int i = 0; i < points.length; i++) {
      points[i] = spec.low + (i % knots - spec.order) * step;
    }
    grid = context.buffer(points, spec.hidden, knots);
    coefficients = context.parameter(spec.hidden, spec.gridSize + spec.order);
    Init.normal(coefficients, NOISE, context.random());
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor u = fc1.forward(x); // [rows, hidden]
    Tensor splines = BSplines.basis(u, grid, spec.order).mul(coefficients).sum(-1);
    return fc2.forward(spec.residual ? splines.add(u) : splines);
  }

  @Override
  public Spec spec() {
    return spec;
  }

  @Override
  public void register(Registry registry) {
    registry.part("fc1", fc1);
    registry.tensor("grid", grid);
    registry.tensor("coefficients", coefficients);
    registry.part("fc2", fc2);
  }
}
