package org.kat4j.attention;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Registry;

/** Every token gets the mean of all values: a control, what is left when scores say nothing. */
public final class UniformWeights implements ScoreWeighting.Weights {
  /** Nothing to choose. */
  @Kind("uniform")
  public record Spec() implements Weighting.Spec {
    public static Spec example() {
      return new Spec();
    }

    @Override
    public Weighting build(Heads heads, Context context) {
      ScoreWeighting.refuseCausal("weighting uniform", context);
      return ScoreWeighting.of(new UniformWeights(), heads);
    }
  }

  private UniformWeights() {}

  @Override
  public Tensor of(Tensor scores) {
    return torch.full_like(scores, new Scalar(1.0 / scores.size(-1)));
  }

  @Override
  public void register(Registry registry) {}
}
