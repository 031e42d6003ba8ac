package org.kat4j.block;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** How the result of a mixer joins the residual stream. */
public interface ResidualConnection extends Part {
  /**
   * The stream with one more branch.
   *
   * @param stream {@code [batch, tokens, width]}
   * @param branch the same shape
   * @param dropPath probability that a sample goes without the branch during training
   */
  Residual join(Tensor stream, Tensor branch, double dropPath, Pass pass);

  /** A connection as data. */
  sealed interface Spec permits Add, LayerScale {
    ResidualConnection build(int width, Context context);

    /** The connection that a factor of channels stands for: 0 is none. */
    static Spec scaled(double layerScale) {
      Check.inRange("layerScale", layerScale, 0, Double.POSITIVE_INFINITY);
      return layerScale == 0 ? new Add() : new LayerScale(layerScale);
    }
  }

  /** Their sum. */
  @Kind("add")
  record Add() implements Spec, ResidualConnection {
    public static Add example() {
      return new Add();
    }

    @Override
    public Add build(int width, Context context) {
      return this;
    }

    @Override
    public Residual join(Tensor stream, Tensor branch, double dropPath, Pass pass) {
      return new Residual(stream, Dropout.samples(branch, dropPath, pass));
    }

    @Override
    public void register(Registry registry) {}
  }

  /**
   * A learnable factor for each channel of the branch, {@code gamma [width]}. Source: CaiT, arXiv
   * 2103.17239.
   *
   * @param start its initial value, above 0
   */
  @Kind("layer-scale")
  record LayerScale(double start) implements Spec {
    public LayerScale {
      Check.positive("start", start);
    }

    public static LayerScale example() {
      return new LayerScale(1e-5);
    }

    @Override
    public ResidualConnection build(int width, Context context) {
      Tensor gamma = context.parameter(width);
      Init.constant(gamma, start);
      return new Scaled(gamma);
    }
  }

  /** {@link LayerScale} with its tensor. */
  record Scaled(Tensor gamma) implements ResidualConnection {
    @Override
    public Residual join(Tensor stream, Tensor branch, double dropPath, Pass pass) {
      return new Residual(stream, Dropout.samples(branch.mul(gamma), dropPath, pass));
    }

    @Override
    public void register(Registry registry) {
      registry.tensor("gamma", gamma);
    }
  }
}
