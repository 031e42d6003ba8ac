package org.kat4j.function;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;

/**
 * A convolution of each channel by itself that keeps the size of the image: {@code weight [width,
 * 1, kernel, kernel]}, {@code bias [width]}.
 */
public final class DepthwiseConvolution implements Part {
  private final int kernel;
  private final Tensor weight;
  private final @Nullable Tensor bias;

  /**
   * @param kernel side of the window in pixels, odd
   */
  public DepthwiseConvolution(int width, int kernel, boolean bias, Context context) {
    this.kernel = kernel;
    weight = context.parameter(width, 1, kernel, kernel);
    this.bias = bias ? context.parameter(width) : null;
    double bound = 1.0 / kernel; // PyTorch's start of convolutions; models overwrite it
    Init.uniform(weight, bound, context.random());
    if (this.bias != null) {
      Init.uniform(this.bias, bound, context.random());
    }
  }

  /** Images {@code [batch, width, height, width of the image]}. */
  public Tensor forward(Tensor images) {
    long padding = kernel / 2;
    return torch.conv2d(
        images,
        weight,
        bias == null ? new TensorOptional() : new TensorOptional(bias),
        new long[] {1, 1},
        new long[] {padding, padding},
        new long[] {1, 1},
        weight.size(0));
  }

  public Tensor weight() {
    return weight;
  }

  public @Nullable Tensor bias() {
    return bias;
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight", weight);
    if (bias != null) {
      registry.tensor("bias", bias);
    }
  }
}
