package org.kat4j.attention;

import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.function.RotationSquares;
import org.kat4j.kernel.PlaneRotations;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Registry;

/**
 * Squares of rotations whose angles are theta times the scores, row after row and from the first
 * again when there are more angles. {@code theta [heads, angles]}.
 */
final class TurnedIdentity implements ScoreWeighting.Weights {
  private final PlaneRotations rotations;
  private final double scale;
  private final boolean fused;
  private final Tensor theta; // [heads, angles]

  /**
   * @param scale of the angles, times q k^T
   */
  TurnedIdentity(
      PlaneRotations rotations, Heads heads, boolean trained, double scale, Context context) {
    this.rotations = rotations;
    this.scale = scale * Math.sqrt(heads.width()); // scores come divided by it
    fused = context.fused();
    theta =
        trained
            ? context.parameter(heads.count(), rotations.angles())
            : context.buffer(new double[1], heads.count(), rotations.angles());
    Init.uniform(theta, 1, context.random());
  }

  @Override
  public Tensor of(Tensor scores) {
    long tokens = rotations.tokens();
    if (scores.size(-1) != tokens || scores.size(-2) != tokens) {
      throw new IllegalArgumentException(
          "a weighting by rotations of %d tokens got %d".formatted(tokens, scores.size(-1)));
    }
    long[] again =
        LongStream.range(0, rotations.angles()).map(i -> i % (tokens * tokens)).toArray();
    Tensor angles =
        scores
            .flatten(-2, -1)
            .index_select(-1, Tensor.create(again).to(scores.device(), ScalarType.Long))
            .mul(ScoreWeighting.exact(theta))
            .mul(new Scalar(scale)); // [batch, heads, angles]
    return RotationSquares.of(rotations, angles.flatten(0, 1), fused).view(scores.sizes());
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("theta", theta);
  }
}
