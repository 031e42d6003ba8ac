package org.kat4j.token;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.GridImage;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Registry;

/**
 * The mean of the neighbours on the grid less the token itself, which the residual connection adds
 * again: no parameters. Cells beyond the edge do not count, so a constant map gives 0.
 *
 * <p>Source: PoolFormer, arXiv 2111.11418.
 */
public final class Pooling implements TokenMixer {
  /**
   * @param size side of the square of neighbours, odd, 1 to 31
   */
  @Kind("pooling")
  public record Spec(int size) implements TokenMixer.Spec {
    public Spec {
      GridImage.checkWindow("size", size);
    }

    public static Spec example() {
      return new Spec(3);
    }

    @Override
    public Pooling build(int width, Context context) {
      return new Pooling(size, GridImage.of(context, "pooling"));
    }

    /** It adds, but multiplies nothing. */
    @Override
    public long macs(int tokens, int width) {
      return 0;
    }

    @Override
    public String stateName() {
      return "token_mixer";
    }
  }

  private final int size;
  private final GridImage grid;

  private Pooling(int size, GridImage grid) {
    this.size = size;
    this.grid = grid;
  }

  @Override
  public boolean lowersInput() {
    return true;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor tokens = Precision.lowered(x);
    long padding = size / 2;
    Tensor means =
        torch.avg_pool2d(
            grid.of(tokens),
            new long[] {size, size},
            new long[] {1, 1},
            new long[] {padding, padding},
            false,
            false,
            new LongOptional());
    return GridImage.tokens(means).sub(tokens);
  }

  @Override
  public void register(Registry registry) {}
}
