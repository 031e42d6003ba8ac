package org.kat4j.torch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * y = x W^T + b: {@code [..., in]} to {@code [..., out]}; {@code weight [out, in]}, {@code bias
 * [out]}.
 */
public final class Linear implements Part {
  private final Tensor weight;
  private final @Nullable Tensor bias;

  public Linear(int in, int out, boolean bias, Context context) {
    this.weight = context.parameter(out, in);
    this.bias = bias ? context.parameter(out) : null;
    double bound = 1 / Math.sqrt(in); // PyTorch's start of linear layers; models overwrite it
    Init.uniform(weight, bound, context.random());
    if (this.bias != null) {
      Init.uniform(this.bias, bound, context.random());
    }
  }

  public Tensor weight() {
    return weight;
  }

  public @Nullable Tensor bias() {
    return bias;
  }

  public Tensor forward(Tensor x) {
    return bias == null
        ? torch.linear(x, weight)
        : torch.linear(x, weight, new TensorOptional(bias));
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight", weight);
    if (bias != null) {
      registry.tensor("bias", bias);
    }
  }
}
