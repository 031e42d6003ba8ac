package org.kat4j.model;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Precision;
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
    return images.is_cuda() ? asProduct(images) : asConvolution(images);
  }

  /** On a GPU: cuDNN's convolution of so few channels took a tenth of kat_small's step. */
  Tensor asProduct(Tensor images) {
    long batch = images.size(0);
    long channels = images.size(1);
    long down = images.size(2) / patch;
    long across = images.size(3) / patch;
    Tensor patches =
        Precision.lowered(images)
            .reshape(batch, channels, down, patch, across, patch)
            .permute(0, 2, 4, 1, 3, 5)
            .reshape(batch, down * across, channels * patch * patch);
    return torch.linear(patches, weight.flatten(1, -1), new TensorOptional(bias));
  }

  /** On a CPU, where the product's backward pass takes longer at 224 pixels. */
  Tensor asConvolution(Tensor images) {
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
