package org.kat4j.token;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.DepthwiseConvolution;
import org.kat4j.function.Linear;
import org.kat4j.function.StarRelu;
import org.kat4j.torch.Context;
import org.kat4j.torch.GridImage;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * The inverted separable convolution of MobileNetV2: linear to more channels, StarReLU, a
 * convolution of each channel by itself over the grid, linear back; no biases.
 *
 * <p>Source: ConvFormer, arXiv 2210.13452, with its names.
 */
public final class SeparableConvolution implements TokenMixer {
  /**
   * @param expansion hidden channels by the width, above 0
   * @param kernel side of the window in cells, odd, 1 to 31
   */
  @Kind("separable-convolution")
  public record Spec(double expansion, int kernel) implements TokenMixer.Spec {
    public Spec {
      Check.positive("expansion", expansion);
      GridImage.checkWindow("kernel", kernel);
    }

    /** ConvFormer's. */
    public static Spec example() {
      return new Spec(2, 7);
    }

    @Override
    public SeparableConvolution build(int width, Context context) {
      return new SeparableConvolution(this, width, context);
    }

    private int hidden(int width) {
      double hidden = Math.floor(expansion * width);
      if (!(hidden >= 1 && hidden <= WIDEST)) {
        throw new IllegalArgumentException(
            "expansion = %s: %s hidden channels at width %d, 1 to %d are possible"
                .formatted(expansion, hidden, width, WIDEST));
      }
      return (int) hidden;
    }

    @Override
    public long macs(int tokens, int width) {
      return (long) tokens * hidden(width) * (2L * width + (long) kernel * kernel);
    }

    @Override
    public String stateName() {
      return "token_mixer";
    }
  }

  private static final int WIDEST = 1 << 20;

  private final GridImage grid;
  private final Linear pwconv1;
  private final StarRelu act1;
  private final DepthwiseConvolution dwconv;
  private final Linear pwconv2;

  private SeparableConvolution(Spec spec, int width, Context context) {
    int hidden = spec.hidden(width);
    grid = GridImage.of(context, "a separable convolution");
    pwconv1 = new Linear(width, hidden, false, context);
    act1 = new StarRelu(context);
    dwconv = new DepthwiseConvolution(hidden, spec.kernel, false, context);
    pwconv2 = new Linear(hidden, width, false, context);
  }

  @Override
  public boolean lowersInput() {
    return true;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor hidden = act1.forward(pwconv1.forward(x)); // [batch, tokens, expansion * width]
    return pwconv2.forward(GridImage.tokens(dwconv.forward(grid.of(hidden))));
  }

  @Override
  public void register(Registry registry) {
    registry.part("pwconv1", pwconv1);
    registry.part("act1", act1);
    registry.part("dwconv", dwconv);
    registry.part("pwconv2", pwconv2);
  }
}
