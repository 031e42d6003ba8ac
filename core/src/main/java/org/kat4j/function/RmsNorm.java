package org.kat4j.function;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Registry;

/**
 * Divides the last axis by its root mean square, then scales: {@code weight [width]}.
 *
 * <p>Source: Root Mean Square Layer Normalization, arXiv 1910.07467.
 */
public final class RmsNorm implements Norm {
  /**
   * @param epsilon added to the mean square, above 0
   */
  @Kind("rms")
  public record Spec(double epsilon) implements Norm.Spec {
    public Spec {
      Check.positive("epsilon", epsilon);
    }

    public static Spec example() {
      return new Spec(1e-6);
    }

    @Override
    public RmsNorm build(int width, Context context) {
      return new RmsNorm(this, width, context);
    }
  }

  private final int width;
  private final double epsilon;
  private final Tensor weight;

  private RmsNorm(Spec spec, int width, Context context) {
    this.width = width;
    epsilon = spec.epsilon;
    weight = context.parameter(width);
    Init.constant(weight, 1);
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor exact = x.to(Precision.normedType(x).scalarType());
    return torch.rms_norm(
        exact, new long[] {width}, new TensorOptional(weight), new DoubleOptional(epsilon));
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight", weight);
  }
}
