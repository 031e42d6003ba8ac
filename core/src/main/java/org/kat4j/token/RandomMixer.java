package org.kat4j.token;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * Every token becomes a weighted mean of all, with weights that were drawn once and are never
 * trained: {@code random_matrix [tokens, tokens]}, each row the softmax of uniform numbers.
 *
 * <p>Source: RandFormer, arXiv 2210.13452.
 */
public final class RandomMixer implements TokenMixer {
  /** It has no numbers to choose. */
  @Kind("random")
  public record Spec() implements TokenMixer.Spec {
    public static Spec example() {
      return new Spec();
    }

    @Override
    public RandomMixer build(int width, Context context) {
      return new RandomMixer(context);
    }

    @Override
    public long macs(int tokens, int width) {
      return (long) tokens * tokens * width;
    }

    @Override
    public String stateName() {
      return "token_mixer";
    }
  }

  private final Tensor matrix; // [tokens, tokens]

  private RandomMixer(Context context) {
    int tokens = context.layout().grid("random mixing").tokens();
    matrix = context.buffer(new double[] {1.0 / tokens}, tokens, tokens);
    Init.uniform(matrix, .5, context.random()); // softmax does not see that they are not from 0 on
    if (context.hasMemory()) {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        matrix.copy_(matrix.softmax(1));
      }
    }
  }

  @Override
  public boolean lowersInput() {
    return true;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    return matrix.matmul(x);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("random_matrix", matrix);
  }
}
