package org.kat4j.attention;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * One random matrix a head whose rows and columns sum to 1, drawn once and not trained: a control,
 * what such a matrix does that does not depend on the input.
 */
public final class FixedWeights implements ScoreWeighting.Weights {
  /** Nothing to choose. */
  @Kind("fixed")
  public record Spec() implements Weighting.Spec {
    public static Spec example() {
      return new Spec();
    }

    @Override
    public Weighting build(Heads heads, Context context) {
      ScoreWeighting.refuseCausal("weighting fixed", context);
      int tokens = context.layout().tokens("weighting fixed");
      return ScoreWeighting.of(new FixedWeights(heads.count(), tokens, context), heads);
    }
  }

  /** So many that the columns of normal scores sum to 1 in float64 too. */
  private static final Sinkhorn.Spec ITERATIONS = new Sinkhorn.Spec(201, 1, false);

  private final Tensor weights; // [heads, tokens, tokens]

  private FixedWeights(int heads, int tokens, Context context) {
    weights = context.buffer(new double[1], heads, tokens, tokens);
    if (context.hasMemory()) {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        Tensor scores = torch.zeros(weights.shape(), new TensorOptions(ScalarType.Double));
        context.random().normal(scores, 0, 1);
        weights.copy_(new Sinkhorn(ITERATIONS).of(scores));
      }
    }
  }

  @Override
  public Tensor of(Tensor scores) {
    return ScoreWeighting.exact(weights).expand(scores.shape());
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weights", weights);
  }
}
