package org.kat4j.model;

import org.bytedeco.pytorch.InterpolateFuncOptions;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.bytedeco.pytorch.kBicubic;

/** Fits learnt positions to another grid of patches. */
final class PositionEmbedding {
  private PositionEmbedding() {}

  /**
   * Resamples the grid part, bicubic; positions of prefix tokens stay.
   *
   * @param position {@code [1, prefix + side^2, width]}
   * @param prefix positions in front that are not patches
   * @param newSide patches on a side of the other grid
   * @param antialias as timm's {@code resample_abs_pos_embed} does it; transformers' DINOv2 does
   *     not
   * @return {@code [1, prefix + newSide^2, width]}
   */
  static Tensor resample(Tensor position, int prefix, int newSide, boolean antialias) {
    long cells = position.size(1) - prefix;
    long side = Math.round(Math.sqrt(cells));
    if (cells < 1 || side * side != cells) {
      throw new IllegalArgumentException(
          "pos_embed has " + cells + " patch positions: not a square grid");
    }
    if (side == newSide) {
      return position;
    }
    long width = position.size(2);
    Tensor grid =
        position
            .narrow(1, prefix, cells)
            .to(ScalarType.Float)
            .view(1, side, side, width)
            .permute(0, 3, 1, 2);
    var options = new InterpolateFuncOptions();
    options.size().put(new LongVector(newSide, newSide));
    options.mode().put(new kBicubic());
    options.align_corners().put(false);
    options.antialias().put(antialias);
    Tensor resized = torch.interpolate(grid.contiguous(), options); // [1, width, newSide, newSide]
    Tensor cellsAgain =
        resized
            .permute(0, 2, 3, 1)
            .reshape(1, (long) newSide * newSide, width)
            .to(position.scalar_type());
    return torch.cat(new TensorVector(position.narrow(1, 0, prefix), cellsAgain), 1);
  }
}
