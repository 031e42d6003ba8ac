package org.kat4j.kernel;

import static org.kat4j.kernel.NativeMemory.ALL;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.kat4j.kernel.Scratch.Use;

/** Any degrees in float32; see {@link FloatTiles54} for the formulas. */
final class FloatTiles implements TileKernel {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  static final int LANES = SPECIES.length();
  private static final long VECTOR = (long) LANES * Float.BYTES;

  private final long table; // address of [strips, terms, lanes]
  private final int upper;
  private final int lower;

  FloatTiles(Coefficients coefficients, Tiling tiling) {
    table = table(coefficients, tiling);
    upper = coefficients.upper;
    lower = coefficients.lower;
  }

  /** Address of the coefficients in the caller's scratch memory, {@code [strips, terms, lanes]}. */
  static long table(Coefficients coefficients, Tiling tiling) {
    double[] wide = coefficients.table(tiling);
    long table = Scratch.ofThread().address(Use.TABLE, (long) Float.BYTES * wide.length);
    for (int i = 0; i < wide.length; i++) {
      ALL.set(ValueLayout.JAVA_FLOAT, table + (long) Float.BYTES * i, (float) wide[i]);
    }
    return table;
  }

  private static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(SPECIES, ALL, address, ORDER);
  }

  private static void store(FloatVector value, long address) {
    value.intoMemorySegment(ALL, address, ORDER);
  }

  @Override
  public void forward(long x, long y, Tile tile) {
    for (int row = 0; row < tile.rows(); row++) {
      for (int strip = 0; strip < tile.strips(); strip++) {
        long at = tile.start(row, strip) * Float.BYTES;
        forward(x + at, y + at, tile.columns(), tile.firstStrip() + strip);
      }
    }
  }

  private void forward(long x, long y, int columns, int strip) {
    long a = table + strip * (upper + lower) * VECTOR;
    long b = a + (upper - 1) * VECTOR; // of |b_k|, k from 1
    FloatVector one = FloatVector.broadcast(SPECIES, 1);
    for (int column = 0; column < columns; column += LANES) {
      long at = (long) Float.BYTES * column;
      FloatVector v = load(x + at);
      FloatVector r = v.abs();
      FloatVector p = load(a + (upper - 1) * VECTOR);
      for (int i = upper - 2; i >= 0; i--) {
        p = p.fma(v, load(a + i * VECTOR));
      }
      FloatVector q = load(b + lower * VECTOR);
      for (int k = lower - 1; k > 0; k--) {
        q = q.fma(r, load(b + k * VECTOR));
      }
      store(p.div(q.fma(r, one)), y + at);
    }
  }

  @Override
  public void backward(long upstream, long x, long dx, Tile tile, Sums sums) {
    for (int row = 0; row < tile.rows(); row++) {
      for (int strip = 0; strip < tile.strips(); strip++) {
        long at = tile.start(row, strip) * Float.BYTES;
        int index = tile.firstStrip() + strip;
        backward(upstream + at, x + at, dx + at, tile.columns(), index, sums.block);
      }
    }
  }

  private void backward(long upstream, long x, long dx, int columns, int strip, long sums) {
    long a = table + strip * (upper + lower) * VECTOR;
    long b = a + (upper - 1) * VECTOR;
    long s = sums + strip * (upper + lower) * VECTOR;
    FloatVector one = FloatVector.broadcast(SPECIES, 1);
    FloatVector zero = FloatVector.zero(SPECIES);
    for (int column = 0; column < columns; column += LANES) {
      long at = (long) Float.BYTES * column;
      FloatVector v = load(x + at);
      FloatVector r = v.abs();
      FloatVector p = load(a + (upper - 1) * VECTOR);
      FloatVector dp = zero;
      for (int i = upper - 2; i >= 0; i--) {
        dp = dp.fma(v, p);
        p = p.fma(v, load(a + i * VECTOR));
      }
      FloatVector q = load(b + lower * VECTOR);
      FloatVector dq = zero;
      for (int k = lower - 1; k > 0; k--) {
        dq = dq.fma(r, q);
        q = q.fma(r, load(b + k * VECTOR));
      }
      dq = dq.fma(r, q);
      FloatVector inverse = one.div(q.fma(r, one));

      FloatVector f = p.mul(inverse);
      FloatVector u = load(upstream + at);
      FloatVector term = u.mul(inverse);
      FloatVector slope = dp.sub(f.mul(dq.blend(dq.neg(), v.lt(zero))));
      store(slope.mul(term), dx + at);

      f = f.mul(term);
      for (int i = 0; i < upper; i++) {
        long sum = s + i * VECTOR;
        store(load(sum).add(term), sum);
        term = term.mul(v);
      }
      for (int k = upper; k < upper + lower; k++) {
        f = f.mul(r);
        long sum = s + k * VECTOR;
        store(load(sum).add(f), sum);
      }
    }
  }
}
