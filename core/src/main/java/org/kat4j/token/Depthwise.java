package org.kat4j.token;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Kind;
import org.kat4j.function.DepthwiseConvolution;
import org.kat4j.torch.Context;
import org.kat4j.torch.GridImage;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * A convolution of each channel by itself over the grid: what a pooling layer becomes when its
 * weights are learned. Source: the ablations of PoolFormer, arXiv 2111.11418.
 */
public final class Depthwise implements TokenMixer {
  /**
   * @param kernel side of the window in cells, odd, 1 to 31
   * @param bias whether channels have a bias
   */
  @Kind("depthwise")
  public record Spec(int kernel, boolean bias) implements TokenMixer.Spec {
    public Spec {
      GridImage.checkWindow("kernel", kernel);
    }

    public static Spec example() {
      return new Spec(3, true);
    }

    @Override
    public Depthwise build(int width, Context context) {
      return new Depthwise(this, width, context);
    }

    @Override
    public long macs(int tokens, int width) {
      return (long) tokens * width * kernel * kernel;
    }

    @Override
    public String stateName() {
      return "token_mixer";
    }
  }

  private final GridImage grid;
  private final DepthwiseConvolution convolution;

  private Depthwise(Spec spec, int width, Context context) {
    grid = GridImage.of(context, "a depthwise convolution");
    convolution = new DepthwiseConvolution(width, spec.kernel, spec.bias, context);
  }

  @Override
  public boolean lowersInput() {
    return true;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    return GridImage.tokens(convolution.forward(grid.of(x)));
  }

  @Override
  public void register(Registry registry) {
    convolution.register(registry);
  }
}
