package org.kat4j.model;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;

/**
 * Cuts an image into square patches and maps each to a token: {@code [batch, channels, size, size]}
 * to {@code [batch, (size / patch)^2, width]}, rows first.
 *
 * <p>{@code proj.weight [width, channels, patch, patch]}, {@code proj.bias [width]}. Names of
 * timm's {@code PatchEmbed}.
 */
final class PatchEmbed implements Part {
  private final int patch;
  private final Tensor weight;
  private final Tensor bias;

  PatchEmbed(int channels, int patch, int width, Context context) {
    this.patch = patch;
    weight = context.parameter(width, channels, patch, patch);
    bias = context.parameter(width);
    double bound =
        1 / Math.sqrt((double) channels * patch * patch); // PyTorch's start of convolutions
    Init.uniform(weight, bound, context.random());
    Init.uniform(bias, bound, context.random());
  }

  Tensor forward(Tensor images) {
    long[] stride = {patch, patch};
    Tensor grid =
        torch.conv2d(
            images,
            weight,
            new TensorOptional(bias),
            stride,
            new long[] {0, 0},
            new long[] {1, 1},
            1);
    return grid.flatten(2, -1).transpose(1, 2); // [batch, patches, width]
  }

  Tensor weight() {
    return weight;
  }

  Tensor bias() {
    return bias;
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("proj.weight", weight);
    registry.tensor("proj.bias", bias);
  }
}
