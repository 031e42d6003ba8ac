package org.kat4j.torch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.error.UserException;

/**
 * Normalises every channel over all rows, then scales and shifts: {@code weight [width]}, {@code
 * bias [width]}, and the averages {@code running_mean}, {@code running_var} that evaluation uses.
 * Training needs more than one value a channel.
 */
public final class BatchNorm implements Part {
  private static final double MOMENTUM = 0.1;
  private static final double EPSILON = 1e-5;

  private final Tensor weight;
  private final Tensor bias;
  private final Tensor mean;
  private final Tensor variance;

  public BatchNorm(int width, Context context) {
    weight = context.parameter(new double[] {1}, width);
    bias = context.parameter(width);
    mean = context.buffer(new double[] {0}, width);
    variance = context.buffer(new double[] {1}, width);
  }

  /** {@code [..., width]} to the same shape; training takes the batch's own mean and variance. */
  public Tensor forward(Tensor x, Pass pass) {
    return normalised(x.reshape(-1, weight.numel()), pass).view(x.shape());
  }

  /** The same for images {@code [batch, width, height, width of the image]}. */
  public Tensor forwardImages(Tensor images, Pass pass) {
    return normalised(images, pass);
  }

  /** Channels are on axis 1. */
  private Tensor normalised(Tensor x, Pass pass) {
    if (pass.training() && x.numel() <= weight.numel()) {
      // libtorch divides by one less than their number: running_var would be NaN from then on.
      throw new UserException(
          "batch norm has one value a channel, which has no variance: train on larger batches");
    }
    return torch.batch_norm(
        x,
        new TensorOptional(weight),
        new TensorOptional(bias),
        new TensorOptional(mean),
        new TensorOptional(variance),
        pass.training(),
        MOMENTUM,
        EPSILON,
        false);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight", weight);
    registry.tensor("bias", bias);
    registry.tensor("running_mean", mean);
    registry.tensor("running_var", variance);
  }
}
