package org.kat4j.function;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Context;
import org.kat4j.torch.CustomGradient;
import org.kat4j.torch.DType;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * s max(x, 0)^2 + b with one learnable s and one b: {@code scale [1]}, {@code bias [1]}, which
 * start at 1 and 0.
 *
 * <p>Source: MetaFormer Baselines for Vision, arXiv 2210.13452; s = 0.8944, b = -0.4472 would give
 * variance 1 and mean 0 for x ~ N(0, 1), but the published code starts as here.
 */
public final class StarRelu implements Part {
  private final Tensor scale;
  private final Tensor bias;
  private final boolean fused;

  public StarRelu(Context context) {
    scale = context.parameter(1);
    bias = context.parameter(1);
    fused = context.fused();
    Init.constant(scale, 1);
  }

  /** Any shape. */
  public Tensor forward(Tensor x) {
    return fused ? inFewPasses(x) : torch.relu(x).square().mul(scale).add(bias);
  }

  /** Keeps max(x, 0) alone for the backward pass, and reads it as rarely as possible. */
  private Tensor inFewPasses(Tensor x) {
    Tensor positive; // max(x, 0)
    Tensor s;
    Tensor value;
    try (var _ = Scope.noGradients()) {
      positive = x.detach().relu();
      s = scale.detach().to(x.scalar_type());
      value = torch.addcmul(bias.detach().to(x.scalar_type()), positive, positive.mul(s));
    }
    return CustomGradient.apply(
        x,
        value,
        List.of(scale, bias),
        upstream -> {
          Tensor product = upstream.mul(positive);
          return new CustomGradient.Gradients(
              product.mul(s.mul(new Scalar(2))),
              List.of(sum(product.mul(positive)), sum(upstream)));
        });
  }

  /** In the parameters' dtype: a sum over so many numbers needs more bits than each of them. */
  private Tensor sum(Tensor x) {
    Tensor total =
        DType.of(x) == DType.of(scale)
            ? x.sum()
            : x.sum(new ScalarTypeOptional(scale.scalar_type()));
    return total.view(1);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("scale", scale);
    registry.tensor("bias", bias);
  }
}
