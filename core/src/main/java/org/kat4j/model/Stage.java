package org.kat4j.model;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.block.Residual;
import org.kat4j.block.ResidualConnection;
import org.kat4j.block.Stack;
import org.kat4j.block.Sublayers;
import org.kat4j.channel.Mlp;
import org.kat4j.config.Check;
import org.kat4j.function.SampleNorm;
import org.kat4j.token.Pooling;
import org.kat4j.torch.Context;
import org.kat4j.torch.GridImage;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Tap;

/**
 * Blocks on one grid, and the convolution that leads to it; names {@code downsample, blocks}.
 *
 * <p>Taps: {@code embedded}, what the blocks get; {@code blocks.i.…}.
 */
public final class Stage implements Part {
  /**
   * @param width channels of a token
   * @param downsampling what leads to this grid, from an image or the stage before
   * @param blocks on it
   */
  public record Spec(int width, Downsampling.Spec downsampling, Stack.Spec blocks) {
    public Spec {
      Check.between("width", width, 1, 65_536);
    }

    /** Two blocks of PoolFormer, with a layer scale that suits short runs; published: 1e-5. */
    public static Spec example() {
      return new Spec(
          64,
          Downsampling.Spec.example(),
          new Stack.Spec(
              2,
              Sublayers.Spec.pre(
                  Pooling.Spec.example(),
                  Mlp.Spec.example(),
                  SampleNorm.Spec.example(),
                  ResidualConnection.Spec.scaled(.1)),
              List.of()));
    }
  }

  private final GridImage from;
  private final Downsampling downsample;
  private final Stack blocks;

  /**
   * @param in channels that come in
   * @param side of what comes in
   * @param among the place of its blocks among all of the model
   */
  Stage(Spec spec, int in, int side, Stack.Among among, Context context) {
    from = new GridImage(side, side);
    downsample = spec.downsampling.build(in, spec.width, context);
    int here = spec.downsampling.sideOf(side);
    var grid = new Layout.Grid(List.of(here, here), 0, false);
    blocks = spec.blocks.build(spec.width, among, context.at(grid));
  }

  Downsampling downsample() {
    return downsample;
  }

  /** Of tokens on the grid before. */
  Residual forward(Residual x, Pass pass) {
    Tensor normed = x.normed(downsample.before(), true).value();
    return forwardImage(from.of(normed), pass);
  }

  /** Of an image {@code [batch, in, side, side]} that nothing is pending for. */
  Residual forwardImage(Tensor image, Pass pass) {
    Tensor tokens = downsample.forward(image, pass); // [batch, tokens, width]
    if (pass.tap() != Tap.NONE) {
      pass.tap().record("embedded", tokens);
    }
    return blocks.forward(Residual.of(tokens), pass.at("blocks"));
  }

  @Override
  public void register(Registry registry) {
    registry.part("downsample", downsample);
    registry.part("blocks", blocks);
  }
}
