package org.kat4j.function;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Registry;

/**
 * Scales and shifts each channel without looking at the others, in the place of a norm: {@code
 * alpha [width]}, {@code beta [width]}.
 *
 * <p>Source: ResMLP, arXiv 2105.03404.
 *
 * @param alpha factor of each channel
 * @param beta what is added to it
 */
public record AffineNorm(Tensor alpha, Tensor beta) implements Norm {
  /** It has no numbers to choose. */
  @Kind("affine")
  public record Spec() implements Norm.Spec {
    public static Spec example() {
      return new Spec();
    }

    @Override
    public AffineNorm build(int width, Context context) {
      Tensor alpha = context.parameter(width);
      Init.constant(alpha, 1);
      return new AffineNorm(alpha, context.parameter(width));
    }
  }

  @Override
  public Tensor forward(Tensor x) {
    return torch.addcmul(beta, alpha, x);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("alpha", alpha);
    registry.tensor("beta", beta);
  }
}
