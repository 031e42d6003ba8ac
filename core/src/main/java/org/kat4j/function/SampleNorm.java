package org.kat4j.function;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.CustomGradient;
import org.kat4j.torch.Init;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * Brings a whole sample, all channels of all its tokens, to mean 0 and variance 1, then scales and
 * shifts each channel: {@code weight [width]}, {@code bias [width]}. Group norm with one group.
 *
 * <p>Source: PoolFormer, arXiv 2111.11418.
 */
public final class SampleNorm implements Norm {
  /**
   * @param epsilon added to the variance, above 0
   * @param bias whether it shifts
   */
  @Kind("sample")
  public record Spec(double epsilon, boolean bias) implements Norm.Spec {
    public Spec {
      Check.positive("epsilon", epsilon);
    }

    /** PoolFormer's. */
    public static Spec example() {
      return new Spec(1e-5, true);
    }

    @Override
    public SampleNorm build(int width, Context context) {
      if (context.layout().causal()) {
        throw new IllegalArgumentException(
            "norm = sample sees later tokens: a causal model takes layer or rms");
      }
      return new SampleNorm(this, width, context);
    }
  }

  private final double epsilon;
  private final Tensor weight;
  private final @Nullable Tensor bias;
  private final boolean fused;

  private SampleNorm(Spec spec, int width, Context context) {
    epsilon = spec.epsilon;
    weight = context.parameter(width);
    bias = spec.bias ? context.parameter(width) : null;
    fused = context.fused();
    Init.constant(weight, 1);
  }

  /** {@code [batch, ..., width]}. */
  @Override
  public Tensor forward(Tensor x) {
    Tensor exact = x.to(Precision.normedType(x).scalarType());
    return fused && x.is_cuda() ? inFewPasses(exact.contiguous()) : asGroup(exact);
  }

  /** libtorch's group norm, which on a CPU reads tokens as they lie: an image of one column. */
  private Tensor asGroup(Tensor x) {
    Tensor image = x.reshape(x.size(0), -1, 1, x.size(-1)).permute(0, 3, 1, 2);
    Tensor normed =
        torch.group_norm(image, 1, new TensorOptional(weight), optional(bias), epsilon, true);
    return normed.permute(0, 2, 3, 1).reshape(x.shape());
  }

  private static TensorOptional optional(@Nullable Tensor tensor) {
    return tensor == null ? new TensorOptional() : new TensorOptional(tensor);
  }

  /**
   * On a GPU, where libtorch's group norm would turn the tokens into an image with channels first:
   * the layer norm of a row as long as the sample, and a gradient from two sums for each channel.
   *
   * @param x contiguous
   */
  Tensor inFewPasses(Tensor x) {
    Tensor saved = x.detach();
    long batch = saved.size(0);
    long width = saved.size(-1);
    long[] row = {saved.numel() / batch};
    Tensor normed; // [batch, tokens, width]
    Tensor deviation; // 1 / standard deviation, [batch, 1, 1]
    Tensor value;
    try (var _ = Scope.noGradients()) {
      var result =
          torch.native_layer_norm(
              saved.view(batch, -1), row, new TensorOptional(), new TensorOptional(), epsilon);
      normed = result.get0().view(batch, -1, width);
      deviation = result.get2().view(batch, 1, 1);
      Tensor scale = weight.detach();
      value = bias == null ? normed.mul(scale) : torch.addcmul(bias.detach(), normed, scale);
    }
    List<Tensor> parameters = new ArrayList<>(List.of(weight));
    if (bias != null) {
      parameters.add(bias);
    }
    return CustomGradient.apply(
        x,
        value.view(x.sizes()),
        parameters,
        upstream -> gradients(upstream.reshape(batch, -1, width), normed, deviation, x.shape()));
  }

  /**
   * With g = dL/dy and the normed x: dL/dx = (w g - mean(w g) - x mean(w g x)) / deviation, the
   * means over the sample.
   */
  private CustomGradient.Gradients gradients(
      Tensor g, Tensor normed, Tensor deviation, long[] shape) {
    Tensor scale = weight.detach();
    Tensor sums = g.sum(1); // [batch, width]
    Tensor products = g.mul(normed).sum(1);
    Scalar share = new Scalar(1.0 / (normed.size(1) * normed.size(2)));
    Tensor meanOfG = sums.mul(scale).sum(1).mul(share).view(-1, 1, 1);
    Tensor meanOfProduct = products.mul(scale).sum(1).mul(share).view(-1, 1, 1);
    Tensor rest = torch.addcmul(meanOfG, normed, meanOfProduct).mul_(deviation);
    Tensor ofInput = g.mul(deviation.mul(scale)).sub_(rest);
    List<Tensor> ofParameters = new ArrayList<>(List.of(products.sum(0)));
    if (bias != null) {
      ofParameters.add(sums.sum(0));
    }
    return new CustomGradient.Gradients(ofInput.view(shape), ofParameters);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight", weight);
    if (bias != null) {
      registry.tensor("bias", bias);
    }
  }
}
