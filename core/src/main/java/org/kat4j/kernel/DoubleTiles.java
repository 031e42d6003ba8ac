package org.kat4j.kernel;

import static org.kat4j.kernel.NativeMemory.ALL;

import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/** Any degrees in float64; see {@link FloatTiles54} for the formulas. */
final class DoubleTiles implements TileKernel {
  private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  static final int LANES = SPECIES.length();

  private final double[] table; // [strips, terms, lanes]
  private final int upper;
  private final int lower;

  DoubleTiles(Coefficients coefficients, Tiling tiling) {
    table = coefficients.table(tiling);
    upper = coefficients.upper;
    lower = coefficients.lower;
  }

  @Override
  public void forward(long x, long y, Tile tile) {
    for (int row = 0; row < tile.rows(); row++) {
      for (int strip = 0; strip < tile.strips(); strip++) {
        long at = tile.start(row, strip) * Double.BYTES;
        forward(x + at, y + at, tile.columns(), tile.firstStrip() + strip);
      }
    }
  }

  private void forward(long x, long y, int columns, int strip) {
    int a = strip * (upper + lower) * LANES;
    int b = a + (upper - 1) * LANES; // of |b_k|, k from 1
    DoubleVector one = DoubleVector.broadcast(SPECIES, 1);
    for (int column = 0; column < columns; column += LANES) {
      long at = (long) Double.BYTES * column;
      DoubleVector v = DoubleVector.fromMemorySegment(SPECIES, ALL, x + at, ORDER);
      DoubleVector r = v.abs();
      DoubleVector p = DoubleVector.fromArray(SPECIES, table, a + (upper - 1) * LANES);
      for (int i = upper - 2; i >= 0; i--) {
        p = p.fma(v, DoubleVector.fromArray(SPECIES, table, a + i * LANES));
      }
      DoubleVector q = DoubleVector.fromArray(SPECIES, table, b + lower * LANES);
      for (int k = lower - 1; k > 0; k--) {
        q = q.fma(r, DoubleVector.fromArray(SPECIES, table, b + k * LANES));
      }
      p.div(q.fma(r, one)).intoMemorySegment(ALL, y + at, ORDER);
    }
  }

  @Override
  public void backward(long upstream, long x, long dx, Tile tile, double[] sums) {
    for (int row = 0; row < tile.rows(); row++) {
      for (int strip = 0; strip < tile.strips(); strip++) {
        long at = tile.start(row, strip) * Double.BYTES;
        int index = tile.firstStrip() + strip;
        backward(upstream + at, x + at, dx + at, tile.columns(), index, sums);
      }
    }
  }

  private void backward(long upstream, long x, long dx, int columns, int strip, double[] sums) {
    int a = strip * (upper + lower) * LANES;
    int b = a + (upper - 1) * LANES;
    DoubleVector one = DoubleVector.broadcast(SPECIES, 1);
    DoubleVector zero = DoubleVector.zero(SPECIES);
    for (int column = 0; column < columns; column += LANES) {
      long at = (long) Double.BYTES * column;
      DoubleVector v = DoubleVector.fromMemorySegment(SPECIES, ALL, x + at, ORDER);
      DoubleVector r = v.abs();
      DoubleVector p = DoubleVector.fromArray(SPECIES, table, a + (upper - 1) * LANES);
      DoubleVector dp = zero;
      for (int i = upper - 2; i >= 0; i--) {
        dp = dp.fma(v, p);
        p = p.fma(v, DoubleVector.fromArray(SPECIES, table, a + i * LANES));
      }
      DoubleVector q = DoubleVector.fromArray(SPECIES, table, b + lower * LANES);
      DoubleVector dq = zero;
      for (int k = lower - 1; k > 0; k--) {
        dq = dq.fma(r, q);
        q = q.fma(r, DoubleVector.fromArray(SPECIES, table, b + k * LANES));
      }
      dq = dq.fma(r, q);
      DoubleVector inverse = one.div(q.fma(r, one));

      DoubleVector f = p.mul(inverse);
      DoubleVector u = DoubleVector.fromMemorySegment(SPECIES, ALL, upstream + at, ORDER);
      DoubleVector term = u.mul(inverse);
      DoubleVector slope = dp.sub(f.mul(dq.blend(dq.neg(), v.lt(zero))));
      slope.mul(term).intoMemorySegment(ALL, dx + at, ORDER);

      f = f.mul(term);
      for (int i = 0; i < upper; i++) {
        int sum = a + i * LANES;
        term.add(DoubleVector.fromArray(SPECIES, sums, sum)).intoArray(sums, sum);
        term = term.mul(v);
      }
      for (int k = upper; k < upper + lower; k++) {
        f = f.mul(r);
        int sum = a + k * LANES;
        f.add(DoubleVector.fromArray(SPECIES, sums, sum)).intoArray(sums, sum);
      }
    }
  }
}
