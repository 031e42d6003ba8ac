package org.kat4j.kernel;

import static org.kat4j.kernel.NativeMemory.ALL;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.kat4j.kernel.Scratch.Use;

/** Any degrees in float32; see {@link FloatTiles54} for the formulas. */
final class FloatTiles implements TileKernel {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  static final int LANES = SPECIES.length();

  private final float[] table; // [strips, terms, lanes]
  private final int upper;
  private final int lower;

  FloatTiles(Coefficients coefficients, Tiling tiling) {
    table = table(coefficients, tiling);
    upper = coefficients.upper;
    lower = coefficients.lower;
  }

  /** The coefficients of all strips, {@code [strips, terms, lanes]}. */
  static float[] table(Coefficients coefficients, Tiling tiling) {
    double[] wide = coefficients.table(tiling);
    float[] table = new float[wide.length];
    for (int i = 0; i < table.length; i++) {
      table[i] = (float) wide[i];
    }
    return table;
  }

  /** Adds the first {@code size} float32 sums to float64 ones; the compiler makes vectors of it. */
  static void drain(float[] lanes, int size, double[] sums, int first) {
    for (int i = 0; i < size; i++) {
      sums[first + i] += lanes[i];
    }
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
    int a = strip * (upper + lower) * LANES;
    int b = a + (upper - 1) * LANES; // of |b_k|, k from 1
    FloatVector one = FloatVector.broadcast(SPECIES, 1);
    for (int column = 0; column < columns; column += LANES) {
      long at = (long) Float.BYTES * column;
      FloatVector v = load(x + at);
      FloatVector r = v.abs();
      FloatVector p = FloatVector.fromArray(SPECIES, table, a + (upper - 1) * LANES);
      for (int i = upper - 2; i >= 0; i--) {
        p = p.fma(v, FloatVector.fromArray(SPECIES, table, a + i * LANES));
      }
      FloatVector q = FloatVector.fromArray(SPECIES, table, b + lower * LANES);
      for (int k = lower - 1; k > 0; k--) {
        q = q.fma(r, FloatVector.fromArray(SPECIES, table, b + k * LANES));
      }
      store(p.div(q.fma(r, one)), y + at);
    }
  }

  @Override
  public void backward(long upstream, long x, long dx, Tile tile, double[] sums) {
    int size = tile.strips() * (upper + lower) * LANES;
    float[] lanes = Scratch.ofThread().zeros(Use.SUMS, size);
    for (int row = 0; row < tile.rows(); row++) {
      for (int strip = 0; strip < tile.strips(); strip++) {
        long at = tile.start(row, strip) * Float.BYTES;
        int index = tile.firstStrip() + strip;
        int s = strip * (upper + lower) * LANES;
        backward(upstream + at, x + at, dx + at, tile.columns(), index, lanes, s);
      }
    }
    drain(lanes, size, sums, tile.firstStrip() * (upper + lower) * LANES);
  }

  private void backward(
      long upstream, long x, long dx, int columns, int strip, float[] sums, int s) {
    int a = strip * (upper + lower) * LANES;
    int b = a + (upper - 1) * LANES;
    FloatVector one = FloatVector.broadcast(SPECIES, 1);
    FloatVector zero = FloatVector.zero(SPECIES);
    for (int column = 0; column < columns; column += LANES) {
      long at = (long) Float.BYTES * column;
      FloatVector v = load(x + at);
      FloatVector r = v.abs();
      FloatVector p = FloatVector.fromArray(SPECIES, table, a + (upper - 1) * LANES);
      FloatVector dp = zero;
      for (int i = upper - 2; i >= 0; i--) {
        dp = dp.fma(v, p);
        p = p.fma(v, FloatVector.fromArray(SPECIES, table, a + i * LANES));
      }
      FloatVector q = FloatVector.fromArray(SPECIES, table, b + lower * LANES);
      FloatVector dq = zero;
      for (int k = lower - 1; k > 0; k--) {
        dq = dq.fma(r, q);
        q = q.fma(r, FloatVector.fromArray(SPECIES, table, b + k * LANES));
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
        int sum = s + i * LANES;
        term.add(FloatVector.fromArray(SPECIES, sums, sum)).intoArray(sums, sum);
        term = term.mul(v);
      }
      for (int k = upper; k < upper + lower; k++) {
        f = f.mul(r);
        int sum = s + k * LANES;
        f.add(FloatVector.fromArray(SPECIES, sums, sum)).intoArray(sums, sum);
      }
    }
  }

  @Override
  public void widen(long source, long target, int count) {
    BFloat16Vectors.widen(source, target, count);
  }

  @Override
  public void narrow(long source, long target, int count) {
    BFloat16Vectors.narrow(source, target, count);
  }
}
