package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/**
 * The knots of a B-spline grid with what the triangular scheme divides by, ready for many inputs.
 *
 * <p>Every row is continued by {@code order} knots at both ends: they let all cells be treated
 * alike, and no basis function that exists depends on them. Inputs with equal knots share a row.
 */
final class KnotTable {
  private final int inputs;
  private final int order;
  private final int knots; // of the grid
  private final int padded; // of a row here
  private final boolean shared;
  private final double[] places; // [rows, padded]
  private final double[][] inverses; // for each distance p: [rows, padded], 1 / (t_j+p - t_j) or 0
  private final double[] cellsPerUnit; // [rows]

  private KnotTable(int inputs, int knots, int order, double[] grid) {
    this.inputs = inputs;
    this.order = order;
    this.knots = knots;
    padded = knots + 2 * order;
    shared = rowsAreEqual(grid, inputs, knots);
    int rows = shared ? 1 : inputs;
    places = new double[rows * padded];
    cellsPerUnit = new double[rows];
    for (int row = 0; row < rows; row++) {
      fill(row, grid);
    }
    inverses = new double[order + 1][rows * padded];
    for (int p = 1; p <= order; p++) {
      for (int row = 0; row < rows; row++) {
        for (int j = row * padded; j + p < (row + 1) * padded; j++) {
          double width = places[j + p] - places[j];
          inverses[p][j] = width > 0 ? 1 / width : 0;
        }
      }
    }
  }

  /** The table of {@code grid [inputs, knots]}. */
  static KnotTable of(Tensor grid, int order) {
    int knots = Math.toIntExact(grid.size(1));
    if (order < 1 || knots < order + 2) {
      throw new IllegalArgumentException(knots + " knots for splines of order " + order);
    }
    return new KnotTable(Math.toIntExact(grid.size(0)), knots, order, NativeMemory.read(grid));
  }

  private static boolean rowsAreEqual(double[] grid, int inputs, int knots) {
    for (int i = knots; i < inputs * knots; i++) {
      if (grid[i] != grid[i - knots]) {
        return false;
      }
    }
    return true;
  }

  private void fill(int row, double[] grid) {
    double first = grid[row * knots];
    double last = grid[row * knots + knots - 1];
    double step = last > first ? (last - first) / (knots - 1) : 1;
    int start = row * padded + order;
    System.arraycopy(grid, row * knots, places, start, knots);
    for (int j = 1; j <= order; j++) {
      places[start - j] = first - j * step;
      places[start + knots - 1 + j] = last + j * step;
    }
    cellsPerUnit[row] = 1 / step;
  }

  int inputs() {
    return inputs;
  }

  int order() {
    return order;
  }

  /** Number of basis functions of an input. */
  int basis() {
    return knots - 1 - order;
  }

  private int row(int input) {
    return shared ? 0 : input;
  }

  /** The c with t_c &lt;= x &lt; t_c+1, or -1. */
  int cell(int input, double x) {
    int row = row(input);
    int start = row * padded + order;
    double first = places[start];
    if (!(x >= first && x < places[start + knots - 1])) {
      return -1;
    }
    // Right for equal distances; a walk else.
    int cell = Math.min((int) ((x - first) * cellsPerUnit[row]), knots - 2);
    while (x < places[start + cell]) {
      cell--;
    }
    while (x >= places[start + cell + 1]) {
      cell++;
    }
    return cell;
  }

  /**
   * The values at x of the basis functions of a degree that are not 0 in a cell: {@code local[r]}
   * is that of number cell - degree + r, r = 0 to degree.
   */
  void local(int input, int cell, double x, int degree, double[] local) {
    int at = row(input) * padded + order + cell;
    local[0] = 1;
    for (int p = 1; p <= degree; p++) {
      double[] inverse = inverses[p];
      double saved = 0;
      for (int r = 0; r < p; r++) {
        int left = at + 1 - p + r;
        double share = local[r] * inverse[left];
        local[r] = saved + (places[left + p] - x) * share;
        saved = (x - places[left]) * share;
      }
      local[p] = saved;
    }
  }

  /** 1 / (t_j+order - t_j), 0 where they are equal. */
  double inverse(int input, int j) {
    return inverses[order][row(input) * padded + order + j];
  }
}
