package org.kat4j.convolution;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * The usual convolution, the twin of those with learnable functions: {@code weight [out, in,
 * kernel, kernel]}, {@code bias [out]}, with PyTorch's names and start.
 */
public final class PlainConvolution implements Convolution {
  /**
   * @param window what an output pixel sees
   * @param bias whether outputs have a bias
   */
  @Kind("plain")
  public record Spec(Window window, boolean bias) implements Convolution.Spec {
    public static Spec example() {
      return new Spec(Window.example(), true);
    }

    @Override
    public PlainConvolution build(int in, int out, Context context) {
      return new PlainConvolution(this, in, out, context);
    }

    @Override
    public long macs(int in, int out, int side) {
      return window.windows(side) * in * window.taps() * out;
    }
  }

  private final Spec spec;
  private final Tensor weight; // [out, in, kernel, kernel]
  private final @Nullable Tensor bias; // [out]

  private PlainConvolution(Spec spec, int in, int out, Context context) {
    this.spec = spec;
    Window window = spec.window;
    weight = context.parameter(out, in, window.kernel(), window.kernel());
    bias = spec.bias ? context.parameter(out) : null;
    double bound = 1 / Math.sqrt((double) in * window.taps());
    Init.uniform(weight, bound, context.random());
    if (bias != null) {
      Init.uniform(bias, bound, context.random());
    }
  }

  @Override
  public Tensor forward(Tensor images, Pass pass) {
    Window window = spec.window;
    return correlate(images, weight, bias, window.stride(), window.padding());
  }

  public Tensor weight() {
    return weight;
  }

  public @Nullable Tensor bias() {
    return bias;
  }

  /**
   * y[b, o, i, j] = bias[o] + sum over c, p, q of x[b, c, i stride + p, j stride + q] weight[o, c,
   * p, q], x padded with zeros.
   */
  static Tensor correlate(Tensor x, Tensor weight, @Nullable Tensor bias, int stride, int padding) {
    return torch.conv2d(
        x,
        weight,
        bias == null ? new TensorOptional() : new TensorOptional(bias),
        new long[] {stride, stride},
        new long[] {padding, padding},
        new long[] {1, 1},
        1);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight", weight);
    if (bias != null) {
      registry.tensor("bias", bias);
    }
  }
}
