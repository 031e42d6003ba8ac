package org.kat4j.attention;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Registry;

/**
 * Scores times gamma_h^d, with the distance d of two tokens in a line, or of two cells of a grid
 * along rows and columns, and gamma_h = 1 - 2^(-first - h) for head h from 0. Nothing is learnt.
 *
 * <p>Sources: RetNet, arXiv 2307.08621; on a grid RMT, arXiv 2309.11523.
 */
public final class DecayMask implements ScoreStep {
  /**
   * @param first the exponent of the first head, above 0; RetNet's is 5
   */
  @Kind("decay-mask")
  public record Spec(double first) implements ScoreStep.Spec {
    public Spec {
      Check.positive("first", first);
    }

    public static Spec example() {
      return new Spec(5);
    }

    /** The natural logarithm of gamma for each head. */
    double[] logarithms(int heads) {
      double[] all = new double[heads];
      for (int h = 0; h < heads; h++) {
        all[h] = Math.log1p(-Math.pow(2, -first - h));
      }
      return all;
    }

    @Override
    public Effect effect() {
      return Effect.MULTIPLIED;
    }

    @Override
    public DecayMask build(Heads heads, Context context) {
      return new DecayMask(this, heads.count(), context);
    }
  }

  private final Tensor logarithms; // [heads]
  private final @Nullable Cells cells; // null for a line
  private final KeptTable kept;

  private DecayMask(Spec spec, int heads, Context context) {
    if (context.layout() instanceof Layout.Free) {
      throw new IllegalArgumentException(
          "scores decay-mask needs a line or a grid of tokens; here is "
              + context.layout().describe());
    }
    cells =
        context.layout() instanceof Layout.Grid ? new Cells("scores decay-mask", context) : null;
    Context exact = context.dtype() == DType.FLOAT64 ? context : context.withDType(DType.FLOAT32);
    logarithms = exact.derived(spec.logarithms(heads));
    kept = new KeptTable();
  }

  @Override
  public Effect effect() {
    return Effect.MULTIPLIED;
  }

  @Override
  public Tensor table(Places places) {
    return cells == null ? ofLine(places) : kept.get(() -> ofGrid(cells));
  }

  private Tensor ofLine(Places places) {
    return places.behind(logarithms).abs().mul(logarithms.view(-1, 1, 1)).exp();
  }

  private Tensor ofGrid(Cells grid) {
    Tensor each = logarithms.view(1, -1, 1, 1);
    Tensor ofRows = grid.betweenRows().abs().mul(each).exp(); // [1, heads, ...]
    Tensor ofColumns = grid.betweenColumns().abs().mul(each).exp();
    return grid.ofTokens(grid.sumOfProducts(ofRows, ofColumns), 1);
  }

  @Override
  public void register(Registry registry) {
    registry.derived(logarithms);
    if (cells != null) {
      cells.register(registry);
    }
    kept.register(registry);
  }
}
