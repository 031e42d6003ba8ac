package org.kat4j.model;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.convolution.PlainConvolution;
import org.kat4j.convolution.Window;
import org.kat4j.function.NoNorm;
import org.kat4j.function.Norm;
import org.kat4j.torch.Context;
import org.kat4j.torch.GridImage;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * A convolution that leads to a coarser grid, with a norm before or after it; tokens stay {@code
 * [batch, tokens, width]}.
 *
 * <p>Names of the MetaFormer baselines: {@code pre_norm, conv, post_norm}.
 */
public final class Downsampling implements Part {
  /**
   * @param window of the convolution
   * @param before norm of what comes in
   * @param after norm of what goes out
   */
  public record Spec(Window window, Norm.Spec before, Norm.Spec after) {
    /** Half the side, by windows that overlap. */
    public static Spec example() {
      return plain(3, 2, 1);
    }

    /** Without norms. */
    public static Spec plain(int kernel, int stride, int padding) {
      return new Spec(new Window(kernel, stride, padding), new NoNorm(), new NoNorm());
    }

    Downsampling build(int in, int out, Context context) {
      return new Downsampling(this, in, out, context);
    }

    /** Side of the grid that comes out. */
    int sideOf(int side) {
      int after = window.sideOf(side);
      Check.atLeast("side of the grid", after, 1);
      return after;
    }

    long macs(int in, int out, int side) {
      return convolution().macs(in, out, side);
    }

    private PlainConvolution.Spec convolution() {
      return new PlainConvolution.Spec(window, true);
    }
  }

  private final Norm before;
  private final PlainConvolution convolution;
  private final Norm after;

  private Downsampling(Spec spec, int in, int out, Context context) {
    before = spec.before.build(in, context);
    convolution = spec.convolution().build(in, out, context);
    after = spec.after.build(out, context);
  }

  Norm before() {
    return before;
  }

  PlainConvolution convolution() {
    return convolution;
  }

  /**
   * @param image {@code [batch, in, side, side]}, normed by {@link #before()} already
   * @return {@code [batch, tokens, out]}
   */
  Tensor forward(Tensor image, Pass pass) {
    return after.forward(GridImage.tokens(convolution.forward(image, pass)));
  }

  @Override
  public void register(Registry registry) {
    registry.part("pre_norm", before);
    registry.part("conv", convolution);
    registry.part("post_norm", after);
  }
}
