package org.kat4j.kernel;

import static org.kat4j.kernel.NativeMemory.ALL;

import java.lang.foreign.ValueLayout;

/** Any degrees without vectors, in float64; see {@link FloatTiles54} for the formulas. */
final class ScalarTiles implements TileKernel {
  static final int LANES = 1;

  private final double[] table; // [groups, terms]
  private final int upper;
  private final int lower;
  private final boolean doubles;
  private final int bytes;

  ScalarTiles(Coefficients coefficients, Tiling tiling, ElementKind kind) {
    table = coefficients.table(tiling);
    upper = coefficients.upper;
    lower = coefficients.lower;
    doubles = kind == ElementKind.FLOAT64;
    bytes = kind.computed;
  }

  private double get(long address) {
    return doubles
        ? ALL.get(ValueLayout.JAVA_DOUBLE, address)
        : ALL.get(ValueLayout.JAVA_FLOAT, address);
  }

  private void set(long address, double value) {
    if (doubles) {
      ALL.set(ValueLayout.JAVA_DOUBLE, address, value);
    } else {
      ALL.set(ValueLayout.JAVA_FLOAT, address, (float) value);
    }
  }

  @Override
  public void forward(long x, long y, Tile tile) {
    for (int row = 0; row < tile.rows(); row++) {
      for (int strip = 0; strip < tile.strips(); strip++) {
        long at = tile.start(row, strip) * bytes;
        forward(x + at, y + at, tile.columns(), tile.firstStrip() + strip);
      }
    }
  }

  private void forward(long x, long y, int columns, int strip) {
    int a = strip * (upper + lower);
    int b = a + upper - 1; // of |b_k|, k from 1
    for (int column = 0; column < columns; column++) {
      long at = (long) bytes * column;
      double v = get(x + at);
      double r = Math.abs(v);
      double p = table[a + upper - 1];
      for (int i = upper - 2; i >= 0; i--) {
        p = p * v + table[a + i];
      }
      double q = table[b + lower];
      for (int k = lower - 1; k > 0; k--) {
        q = q * r + table[b + k];
      }
      set(y + at, p / (q * r + 1));
    }
  }

  @Override
  public void backward(long upstream, long x, long dx, Tile tile, double[] sums) {
    for (int row = 0; row < tile.rows(); row++) {
      for (int strip = 0; strip < tile.strips(); strip++) {
        long at = tile.start(row, strip) * bytes;
        int index = tile.firstStrip() + strip;
        backward(upstream + at, x + at, dx + at, tile.columns(), index, sums);
      }
    }
  }

  private void backward(long upstream, long x, long dx, int columns, int strip, double[] sums) {
    int a = strip * (upper + lower);
    int b = a + upper - 1;
    for (int column = 0; column < columns; column++) {
      long at = (long) bytes * column;
      double v = get(x + at);
      double r = Math.abs(v);
      double p = table[a + upper - 1];
      double dp = 0;
      for (int i = upper - 2; i >= 0; i--) {
        dp = dp * v + p;
        p = p * v + table[a + i];
      }
      double q = table[b + lower];
      double dq = 0;
      for (int k = lower - 1; k > 0; k--) {
        dq = dq * r + q;
        q = q * r + table[b + k];
      }
      dq = dq * r + q;
      double inverse = 1 / (q * r + 1);

      double f = p * inverse;
      double term = get(upstream + at) * inverse;
      set(dx + at, term * (dp - (v < 0 ? -dq : dq) * f));

      f *= term;
      for (int i = 0; i < upper; i++) {
        sums[a + i] += term;
        term *= v;
      }
      for (int k = 1; k <= lower; k++) {
        f *= r;
        sums[b + k] += f;
      }
    }
  }
}
