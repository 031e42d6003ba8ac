package org.kat4j.attention;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Registry;

/**
 * Scores times a learnable factor for each pair of cells of a grid, the same for all heads: {@code
 * mask [cells, cells]}. Tokens without a place keep their scores.
 *
 * <p>Source: the element-wise learnable mask of {@link GaussianMask}'s, whose published start is 0:
 * uniform attention.
 */
public final class ElementMask implements ScoreStep {
  /**
   * @param start every factor 0, as published, or 1
   */
  @Kind("element-mask")
  public record Spec(Start start) implements ScoreStep.Spec {
    public static Spec example() {
      return new Spec(Start.PUBLISHED);
    }

    @Override
    public Effect effect() {
      return Effect.MULTIPLIED;
    }

    @Override
    public ElementMask build(Heads heads, Context context) {
      return new ElementMask(this, context);
    }
  }

  private final Cells cells;
  private final Tensor mask; // [cells, cells]

  private ElementMask(Spec spec, Context context) {
    cells = new Cells("scores element-mask", context);
    mask = context.parameter(cells.count(), cells.count());
    Init.constant(mask, spec.start == Start.NEUTRAL ? 1 : 0);
  }

  @Override
  public Effect effect() {
    return Effect.MULTIPLIED;
  }

  @Override
  public Tensor table(Places places) {
    return cells.ofTokens(mask.unsqueeze(0), 1);
  }

  @Override
  public void register(Registry registry) {
    registry.undecayed("mask", mask);
    cells.register(registry);
  }
}
