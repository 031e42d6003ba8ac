package org.kat4j.convolution;

import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Kind;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.BasisLayer;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * A KAN layer over windows of an image: y[o] = sum over channels c and pixels t of the window of
 * phi[o, c, t](x[c, t]), plus the layer's base branch.
 *
 * <p>The basis is computed once for every channel and pixel, {@code [batch, height, width, in,
 * functions]}, and libtorch's convolution contracts it with the weights of the windows. This is the
 * layer applied to unfolded windows, but what a function has beside its weights (knots, ends of
 * bumps, norm) belongs to the channel, not to each pixel of the window. The image is padded with
 * zeros before the basis, as unfolding does it: a padded pixel is one of value 0 and adds phi(0),
 * not nothing. Names and shapes are those of the layer with {@code in * kernel^2} inputs, the
 * pixels of a channel together. Source: S-ConvKAN, arXiv 2408.08338, and SeriYann/KANConv2d.
 */
public final class KanConvolution implements Convolution {
  /**
   * @param window what an output pixel sees
   * @param function kind of the learnable functions
   */
  @Kind("kan")
  public record Spec(Window window, BasisLayer.Spec function) implements Convolution.Spec {
    public static Spec example() {
      return new Spec(Window.example(), BSpline.Spec.example());
    }

    @Override
    public KanConvolution build(int in, int out, Context context) {
      return new KanConvolution(this, in, out, context);
    }

    @Override
    public long macs(int in, int out, int side) {
      int edges = in * window.taps();
      long contraction = function.macs(edges, out) - function.macs(edges, 0);
      return window.windows(side) * contraction + window.pixels(side) * function.macs(in, 0);
    }
  }

  private final Window window;
  private final BasisLayer layer;

  private KanConvolution(Spec spec, int in, int out, Context context) {
    window = spec.window;
    layer = spec.function.overWindow(in, window.taps(), out, context);
  }

  @Override
  public Tensor forward(Tensor images, Pass pass) {
    Tensor pixels = padded(images).permute(0, 2, 3, 1); // [batch, height, width, in]
    Tensor bias = layer.bias();
    @Nullable Tensor sum = null;
    for (BasisLayer.Term term : layer.terms(pixels)) {
      // A view of the memory [batch, height, width, in * functions], libtorch's channels-last.
      Tensor values = term.values().flatten(-2, -1).permute(0, 3, 1, 2);
      Tensor part =
          PlainConvolution.correlate(
              values, windows(term.weights()), sum == null ? bias : null, window.stride(), 0);
      sum = sum == null ? part : sum.add(part);
    }
    return Objects.requireNonNull(sum);
  }

  private Tensor padded(Tensor images) {
    long p = window.padding();
    return p == 0
        ? images
        : torch.constant_pad_nd(images, new long[] {p, p, p, p}, new Scalar(0.0));
  }

  /** {@code [out, in * taps, functions]} to {@code [out, in * functions, kernel, kernel]}. */
  private Tensor windows(Tensor weights) {
    int kernel = window.kernel();
    long out = weights.size(0);
    long in = weights.size(1) / window.taps();
    long functions = weights.size(2);
    return weights
        .reshape(out, in, kernel, kernel, functions)
        .permute(0, 1, 4, 2, 3)
        .reshape(out, in * functions, kernel, kernel);
  }

  @Override
  public void register(Registry registry) {
    layer.register(registry);
  }
}
