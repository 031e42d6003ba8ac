package org.kat4j.torch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Normalises the last axis to mean 0 and variance 1, then scales and shifts: {@code weight
 * [width]}, {@code bias [width]}.
 */
public final class LayerNorm implements Part {
  private final int width;
  private final double epsilon;
  private final Tensor weight;
  private final Tensor bias;

  public LayerNorm(int width, double epsilon, Context context) {
    this.width = width;
    this.epsilon = epsilon;
    this.weight = context.parameter(width);
    this.bias = context.parameter(width);
    Init.constant(weight, 1);
  }

  public Tensor forward(Tensor x) {
    return torch.layer_norm(
        x, new long[] {width}, new TensorOptional(weight), new TensorOptional(bias), epsilon, true);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight", weight);
    registry.tensor("bias", bias);
  }
}
