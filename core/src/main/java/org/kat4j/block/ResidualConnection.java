package org.kat4j.block;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
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

  /** Its name in the state dict of a block. */
  default String stateName() {
    return "ls";
  }

  /** A connection as data. */
  sealed interface Spec permits Add, LayerScale, ResidualScale, Replace {
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

  /**
   * A learnable factor for each channel of the stream, {@code scale [width]}. Source: NormFormer,
   * arXiv 2110.09456; the last stages of arXiv 2210.13452.
   *
   * @param start its initial value, above 0
   */
  @Kind("residual-scale")
  record ResidualScale(double start) implements Spec {
    public ResidualScale {
      Check.positive("start", start);
    }

    public static ResidualScale example() {
      return new ResidualScale(1);
    }

    @Override
    public ResidualConnection build(int width, Context context) {
      Tensor scale = context.parameter(width);
      Init.constant(scale, start);
      return new ScaledStream(scale);
    }
  }

  /** {@link ResidualScale} with its tensor. */
  record ScaledStream(Tensor scale) implements ResidualConnection {
    @Override
    public Residual join(Tensor stream, Tensor branch, double dropPath, Pass pass) {
      return Residual.of(torch.addcmul(Dropout.samples(branch, dropPath, pass), stream, scale));
    }

    @Override
    public String stateName() {
      return "res_scale";
    }

    @Override
    public void register(Registry registry) {
      registry.tensor("scale", scale);
    }
  }

  /** The branch alone: no residual connection. */
  @Kind("replace")
  record Replace() implements Spec, ResidualConnection {
    public static Replace example() {
      return new Replace();
    }

    @Override
    public Replace build(int width, Context context) {
      return this;
    }

    @Override
    public Residual join(Tensor stream, Tensor branch, double dropPath, Pass pass) {
      return Residual.of(branch);
    }

    @Override
    public void register(Registry registry) {}
  }
}
