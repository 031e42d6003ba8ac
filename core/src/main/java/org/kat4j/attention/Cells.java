package org.kat4j.attention;

import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Registry;

/**
 * The cells of a grid of tokens, seen in pairs: tables of all pairs of cells are made from one of
 * all pairs of rows and one of all pairs of columns.
 */
final class Cells {
  private final Layout.Grid grid;
  private final Tensor rows; // [rows]: 0, 1, …
  private final Tensor columns; // [columns]

  /**
   * @param who the part that needs them, for messages
   * @throws IllegalArgumentException where tokens lie otherwise
   */
  Cells(String who, Context context) {
    grid = context.layout().grid(who);
    if (grid.sides().size() != 2) {
      throw new IllegalArgumentException(
          who + " needs rows and columns; this grid has " + grid.sides().size() + " axes");
    }
    // Small whole numbers are exact in float32, not in types of two bytes.
    Context exact = context.dtype() == DType.FLOAT64 ? context : context.withDType(DType.FLOAT32);
    rows = exact.derived(places(side(0)));
    columns = exact.derived(places(side(1)));
  }

  private static double[] places(int side) {
    return IntStream.range(0, side).asDoubleStream().toArray();
  }

  /** Cells along an axis: rows for 0, columns for 1. */
  int side(int axis) {
    return grid.sides().get(axis);
  }

  /** Cells of the grid. */
  int count() {
    return Math.multiplyExact(side(0), side(1));
  }

  /** How far the first row of a pair is behind the second: {@code [rows, rows]}. */
  Tensor betweenRows() {
    return between(rows, side(0));
  }

  /** How far the first column of a pair is behind the second: {@code [columns, columns]}. */
  Tensor betweenColumns() {
    return between(columns, side(1));
  }

  private Tensor between(Tensor places, int side) {
    Tensor straight = places.view(-1, 1).sub(places);
    return grid.periodic()
        ? straight.sub(straight.div(new Scalar(side)).round().mul(new Scalar(side)))
        : straight;
  }

  /**
   * Sums of products of a value of two rows and one of two columns, for all pairs of cells.
   *
   * @param ofRows {@code [terms, heads, rows, rows]}
   * @param ofColumns {@code [terms, heads, columns, columns]}
   * @return {@code [heads, cells, cells]}
   */
  Tensor sumOfProducts(Tensor ofRows, Tensor ofColumns) {
    Tensor left = alongRows(ofRows); // [terms, heads, rows, 1, rows, 1]
    Tensor right = alongColumns(ofColumns); // [terms, heads, 1, columns, 1, columns]
    // No matrix product: autocast would round it.
    Tensor sum = left.get(0).mul(right.get(0));
    for (int term = 1; term < left.size(0); term++) {
      sum = sum.addcmul(left.get(term), right.get(term));
    }
    return ofPairs(sum);
  }

  /** {@code [..., rows, rows]} as {@code [..., rows, 1, rows, 1]}. */
  static Tensor alongRows(Tensor ofRows) {
    return ofRows.unsqueeze(-2).unsqueeze(-1);
  }

  /** {@code [..., columns, columns]} as {@code [..., 1, columns, 1, columns]}. */
  static Tensor alongColumns(Tensor ofColumns) {
    return ofColumns.unsqueeze(-2).unsqueeze(-4);
  }

  /** {@code [..., rows, columns, rows, columns]} as {@code [heads, cells, cells]}. */
  Tensor ofPairs(Tensor table) {
    return table.view(-1, count(), count());
  }

  /**
   * A table of cells as one of all tokens.
   *
   * @param ofCells {@code [heads, cells, cells]}
   * @param neutral what stands in rows and columns of tokens without a place
   * @return {@code [heads, tokens, tokens]}
   */
  Tensor ofTokens(Tensor ofCells, double neutral) {
    int prefix = grid.prefix();
    return prefix == 0
        ? ofCells
        : torch.constant_pad_nd(ofCells, new long[] {prefix, 0, prefix, 0}, new Scalar(neutral));
  }

  void register(Registry registry) {
    registry.derived(rows);
    registry.derived(columns);
  }
}
