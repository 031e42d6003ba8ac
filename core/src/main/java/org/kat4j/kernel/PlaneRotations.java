package org.kat4j.kernel;

import java.util.Arrays;
import java.util.List;

/**
 * Rotations of rows of an identity matrix in planes of two rows, one after the other, by angles
 * that each sample has of its own; then squares, summed over rows and columns that stand for the
 * same token: P[i, j] = 1 / copies * sum of x[r, c]^2 over r = i, c = j modulo tokens.
 *
 * <p>The gates of a quantum circuit on real and imaginary parts are such rotations too.
 *
 * @param rows of the matrix; the first {@code columns} of them start as the identity, others as 0
 * @param columns of the matrix, a multiple of the tokens
 * @param tokens rows and columns of the result
 * @param angles of a sample
 * @param stages from first to last
 */
public record PlaneRotations(int rows, int columns, int tokens, int angles, List<Stage> stages) {
  /**
   * Rotations at the same time, of rows that are all different: x, y become c x - s y, s x + c y.
   *
   * @param first the rows x
   * @param second the rows y
   * @param angle the number of the angle of each
   */
  public record Stage(int[] first, int[] second, int[] angle) {
    public Stage {
      if (first.length != second.length || first.length != angle.length) {
        throw new IllegalArgumentException("a rotation has two rows and an angle");
      }
    }

    int length() {
      return first.length;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Stage stage
          && Arrays.equals(first, stage.first)
          && Arrays.equals(second, stage.second)
          && Arrays.equals(angle, stage.angle);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(first) + 31 * Arrays.hashCode(second);
    }

    @Override
    public String toString() {
      return "rotations of " + first.length + " pairs of rows";
    }
  }

  public PlaneRotations {
    stages = List.copyOf(stages);
    if (columns % tokens != 0 || rows % columns != 0) {
      throw new IllegalArgumentException(
          rows + " rows and " + columns + " columns for " + tokens + " tokens");
    }
  }

  /** How many columns stand for a token. */
  public int copies() {
    return columns / tokens;
  }

  /** Rotations of all stages. */
  int length() {
    return stages.stream().mapToInt(Stage::length).sum();
  }
}
