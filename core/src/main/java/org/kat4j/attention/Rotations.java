package org.kat4j.attention;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.kernel.PlaneRotations;
import org.kat4j.kernel.PlaneRotations.Stage;
import org.kat4j.torch.Context;

/**
 * The squares of a product of planar rotations whose angles are numbers theta times the scores: P =
 * U o U, whose rows and columns sum to 1. A layer turns tokens at distances 1, 2, 4, … (a
 * butterfly), half as many angles as tokens for each.
 *
 * <p>A cheap real relative of {@link Circuit}. Scores of zeros give the identity, whatever theta.
 */
public final class Rotations {
  /**
   * @param layers passes over all distances
   * @param trained whether theta is trained, or keeps its random start in (-1, 1)
   * @param scale of the angles, times q k^T, which is not divided by sqrt(head width)
   */
  @Kind("rotations")
  public record Spec(int layers, boolean trained, double scale) implements Weighting.Spec {
    public Spec {
      Check.between("layers", layers, 1, 256);
      Check.positive("scale", scale);
    }

    public static Spec example() {
      return new Spec(4, false, 1);
    }

    @Override
    public Weighting build(Heads heads, Context context) {
      ScoreWeighting.refuseCausal("weighting rotations", context);
      int tokens = context.layout().tokens("weighting rotations");
      var weights = new TurnedIdentity(rotations(tokens, layers), heads, trained, scale, context);
      return ScoreWeighting.of(weights, heads);
    }

    @Override
    public long macs(int tokens, Heads heads) {
      long turns = (long) layers * rotations(tokens, 1).angles();
      return Weighting.Spec.super.macs(tokens, heads) + 4 * turns * tokens * heads.count();
    }
  }

  private Rotations() {}

  /** Those of any number of tokens: a token whose partner would be behind the last stays. */
  static PlaneRotations rotations(int tokens, int layers) {
    List<Stage> stages = new ArrayList<>();
    int angles = 0;
    for (int layer = 0; layer < layers; layer++) {
      for (int distance = 1; distance < tokens; distance *= 2) {
        int step = distance;
        int[] first = IntStream.range(0, tokens - step).filter(i -> i / step % 2 == 0).toArray();
        int[] second = IntStream.of(first).map(i -> i + step).toArray();
        stages.add(
            new Stage(first, second, IntStream.range(angles, angles + first.length).toArray()));
        angles += first.length;
      }
    }
    return new PlaneRotations(tokens, tokens, tokens, angles, stages);
  }
}
