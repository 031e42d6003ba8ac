package org.kat4j.attention;

import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Registry;

/**
 * Scores plus a learnable number for each head and relative place of two tokens, at first 0: in a
 * line how far the query stands behind the key, on a grid that along rows and along columns. Tokens
 * without a place keep their scores.
 *
 * <p>{@code relative_position_bias_table [places, heads]}, from the query farthest in front of the
 * key to the one farthest behind, on a grid rows before columns. Sources: Swin, arXiv 2103.14030,
 * with its name and order; clipped distances, arXiv 1803.02155.
 */
public final class RelativeBias implements ScoreStep {
  /**
   * @param reach distances beyond count as this one, along each axis; 0 for none
   */
  @Kind("relative-bias")
  public record Spec(int reach) implements ScoreStep.Spec {
    public Spec {
      Check.atLeast("reach", reach, 0);
    }

    public static Spec example() {
      return new Spec(0);
    }

    @Override
    public Effect effect() {
      return Effect.ADDED;
    }

    @Override
    public RelativeBias build(Heads heads, Context context) {
      return new RelativeBias(this, heads.count(), context);
    }

    /** The greatest distance along an axis that has a number of its own. */
    private int reach(int side) {
      return reach == 0 ? side - 1 : Math.min(reach, side - 1);
    }
  }

  private final int[] reaches; // along each axis
  private final boolean causal;
  private final @Nullable Cells cells; // null for a line
  private final Tensor table; // [places, heads]
  private final KeptTable kept;

  private RelativeBias(Spec spec, int heads, Context context) {
    switch (context.layout()) {
      case Layout.Line line -> {
        cells = null;
        causal = line.causal();
        reaches = new int[] {spec.reach(line.longest())};
        table = context.parameter(causal ? reaches[0] + 1L : width(0), heads);
      }
      case Layout.Grid _ -> {
        cells = new Cells("scores relative-bias", context);
        causal = false;
        reaches = new int[] {spec.reach(cells.side(0)), spec.reach(cells.side(1))};
        table = context.parameter(width(0) * width(1), heads);
      }
      case Layout.Free free ->
          throw new IllegalArgumentException(
              "scores relative-bias needs a line or a grid of tokens; here is " + free.describe());
    }
    kept = new KeptTable(table);
  }

  /** Relative places along an axis. */
  private long width(int axis) {
    return 2L * reaches[axis] + 1;
  }

  @Override
  public Effect effect() {
    return Effect.ADDED;
  }

  @Override
  public Tensor table(Places places) {
    return cells == null ? ofLine(places) : kept.get(() -> ofGrid(cells));
  }

  /**
   * The number of every distance, by how far the query stands behind the key.
   *
   * @param sides tokens along each axis, without those that have no place
   * @return {@code [heads, 2 side - 1, …]}, each axis from {@code 1 - side} on
   */
  Tensor ofDistances(long... sides) {
    Tensor index = null;
    for (int axis = 0; axis < sides.length; axis++) {
      TensorOptions whole = new TensorOptions(ScalarType.Long).device(table.options().device_opt());
      Tensor behind =
          torch.arange(new Scalar(2 * sides[axis] - 1), whole).sub(new Scalar(sides[axis] - 1));
      Tensor here = within(behind, axis, causal ? 0 : reaches[axis]);
      index = index == null ? here : index.mul(new Scalar(width(axis))).unsqueeze(-1).add(here);
    }
    return torch.embedding(table, Objects.requireNonNull(index)).movedim(-1, 0);
  }

  private Tensor ofLine(Places places) {
    Tensor behind = places.behind(table);
    // A query in front of the key does not see it where it is causal: any row will do.
    return chosen(causal ? within(behind, 0, 0) : within(behind, 0, reaches[0]));
  }

  private Tensor ofGrid(Cells grid) {
    Tensor ofRows = within(grid.betweenRows(), 0, reaches[0]).mul(new Scalar(width(1)));
    Tensor ofColumns = within(grid.betweenColumns(), 1, reaches[1]);
    Tensor index = Cells.alongRows(ofRows).add(Cells.alongColumns(ofColumns));
    return grid.ofTokens(chosen(grid.ofPairs(index).select(0, 0).to(ScalarType.Long)), 0);
  }

  /** Places along an axis, those beyond the reach on its border, counted from {@code -before}. */
  private Tensor within(Tensor behind, int axis, int before) {
    return behind
        .clamp(
            new ScalarOptional(new Scalar(-before)), new ScalarOptional(new Scalar(reaches[axis])))
        .add(new Scalar(before));
  }

  /** Rows of the table; gradients of an embedding are added up in a fixed order. */
  private Tensor chosen(Tensor index) {
    return torch.embedding(table, index).permute(2, 0, 1); // [heads, queries, keys]
  }

  @Override
  public void register(Registry registry) {
    registry.undecayed("relative_position_bias_table", table);
    if (cells != null) {
      cells.register(registry);
    }
    kept.register(registry);
  }
}
