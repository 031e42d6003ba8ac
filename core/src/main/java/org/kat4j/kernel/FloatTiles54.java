package org.kat4j.kernel;

import static org.kat4j.kernel.NativeMemory.ALL;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.kat4j.kernel.Scratch.Use;

/**
 * Degrees 5 over 4 in float32, unrolled.
 *
 * <p>For each element with upstream gradient u, and w = u / Q, F = P / Q:
 *
 * <pre>
 *   dx   = w (P' - sgn(x) Q'(|x|) F)
 *   da_i = sum of w x^i
 *   db_k = -sgn(b_k) times the sum of w F |x|^k
 * </pre>
 *
 * <p>The backward pass goes twice over a few rows that stay in the first-level cache, first for dx,
 * w and w F, then for the sums. In one pass coefficients and sums together would need more
 * registers than there are, and more code than the compiler takes into one method (it then boxes
 * vectors).
 *
 * <p>Coefficients are read from the first-level cache in each step: strips of one vector, which
 * narrow layers have, then cost no more than wide ones. Their memory is aligned, which a Java array
 * is not.
 */
final class FloatTiles54 implements TileKernel {
  private static final int UPPER = 6;
  private static final int LOWER = 4;

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final int LANES = SPECIES.length();

  /** Bytes of a vector. */
  private static final long VECTOR = (long) LANES * Float.BYTES;

  /** Bytes of a strip's coefficients, and of its sums. */
  private static final long STRIP = (UPPER + LOWER) * VECTOR;

  /** Elements that the two backward passes go over in turn: 8 KiB for each of three arrays. */
  private static final int PANEL = 1 << 11;

  private final long table; // address of [strips, terms, lanes]

  FloatTiles54(Coefficients coefficients, Tiling tiling) {
    table = FloatTiles.table(coefficients, tiling);
  }

  static boolean fits(Coefficients coefficients) {
    return coefficients.upper == UPPER && coefficients.lower == LOWER;
  }

  private static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(SPECIES, ALL, address, ORDER);
  }

  private static void store(FloatVector value, long address) {
    value.intoMemorySegment(ALL, address, ORDER);
  }

  @Override
  public void forward(long x, long y, Tile tile) {
    long coefficients = table + tile.firstStrip() * STRIP;
    int perStrip = tile.columns() / LANES;
    long gap = (long) Float.BYTES * (tile.stripPitch() - tile.columns());
    for (int row = 0; row < tile.rows(); row++) {
      long at = tile.start(row, 0) * Float.BYTES;
      values(x + at, y + at, tile.strips() * perStrip, perStrip, gap, coefficients);
    }
  }

  /** One row. A flat loop: a nested one would start anew for each strip of one vector. */
  private static void values(
      long x, long y, int vectors, int perStrip, long gap, long coefficients) {
    FloatVector one = FloatVector.broadcast(SPECIES, 1);
    long c = coefficients;
    long at = 0;
    for (int vector = 0, left = perStrip; vector < vectors; vector++) {
      FloatVector v = load(x + at);
      FloatVector p = load(c + 5 * VECTOR).fma(v, load(c + 4 * VECTOR));
      p = p.fma(v, load(c + 3 * VECTOR));
      p = p.fma(v, load(c + 2 * VECTOR));
      p = p.fma(v, load(c + VECTOR));
      p = p.fma(v, load(c));
      FloatVector r = v.abs();
      FloatVector q = load(c + 9 * VECTOR).fma(r, load(c + 8 * VECTOR));
      q = q.fma(r, load(c + 7 * VECTOR));
      q = q.fma(r, load(c + 6 * VECTOR));
      q = q.fma(r, one);
      store(p.div(q), y + at);
      at += VECTOR;
      if (--left == 0) {
        left = perStrip;
        at += gap;
        c += STRIP;
      }
    }
  }

  @Override
  public void backward(long upstream, long x, long dx, Tile tile, Sums sums) {
    long coefficients = table + tile.firstStrip() * STRIP;
    int perStrip = tile.columns() / LANES;
    long gap = (long) Float.BYTES * (tile.stripPitch() - tile.columns());
    int row = tile.strips() * tile.columns(); // elements
    int panel = Math.clamp(PANEL / row, 1, tile.rows()); // rows
    long w = sums.scratch.address(Use.WEIGHTS, 2L * Float.BYTES * panel * row);
    long wf = w + (long) Float.BYTES * panel * row;
    for (int first = 0; first < tile.rows(); first += panel) {
      int rows = Math.min(panel, tile.rows() - first);
      for (int r = 0; r < rows; r++) {
        long at = tile.start(first + r, 0) * Float.BYTES;
        long slot = (long) r * row * Float.BYTES;
        slopes(
            upstream + at,
            x + at,
            dx + at,
            w + slot,
            wf + slot,
            tile.strips() * perStrip,
            perStrip,
            gap,
            coefficients);
      }
      for (int strip = 0; strip < tile.strips(); strip++) {
        long at = tile.start(first, strip) * Float.BYTES;
        long slot = (long) strip * tile.columns() * Float.BYTES;
        sums(
            x + at,
            w + slot,
            wf + slot,
            rows,
            perStrip,
            tile,
            sums.block + (tile.firstStrip() + strip) * STRIP);
      }
    }
  }

  /** dx, w and w F of one row. */
  private static void slopes(
      long upstream,
      long x,
      long dx,
      long w,
      long wf,
      int vectors,
      int perStrip,
      long gap,
      long coefficients) {
    FloatVector one = FloatVector.broadcast(SPECIES, 1);
    FloatVector zero = FloatVector.zero(SPECIES);
    long c = coefficients;
    long at = 0;
    for (int vector = 0, left = perStrip; vector < vectors; vector++) {
      FloatVector v = load(x + at);
      FloatVector r = v.abs();

      // Q and Q', P and P', both by Horner's rule
      FloatVector b4 = load(c + 9 * VECTOR);
      FloatVector q3 = b4.fma(r, load(c + 8 * VECTOR));
      FloatVector q2 = q3.fma(r, load(c + 7 * VECTOR));
      FloatVector q1 = q2.fma(r, load(c + 6 * VECTOR));
      FloatVector inverse = one.div(q1.fma(r, one));
      FloatVector dq = b4.fma(r, q3).fma(r, q2).fma(r, q1);
      FloatVector a5 = load(c + 5 * VECTOR);
      FloatVector p4 = a5.fma(v, load(c + 4 * VECTOR));
      FloatVector p3 = p4.fma(v, load(c + 3 * VECTOR));
      FloatVector p2 = p3.fma(v, load(c + 2 * VECTOR));
      FloatVector p1 = p2.fma(v, load(c + VECTOR));
      FloatVector dp = a5.fma(v, p4).fma(v, p3).fma(v, p2).fma(v, p1);
      FloatVector f = p1.fma(v, load(c)).mul(inverse);

      FloatVector weight = load(upstream + at).mul(inverse);
      store(weight, w + vector * VECTOR);
      store(weight.mul(f), wf + vector * VECTOR);
      FloatVector slope = dp.sub(f.mul(dq.blend(dq.neg(), v.lt(zero))));
      store(slope.mul(weight), dx + at);

      at += VECTOR;
      if (--left == 0) {
        left = perStrip;
        at += gap;
        c += STRIP;
      }
    }
  }

  /** Adds one strip of some rows to its sums. */
  private static void sums(long x, long w, long wf, int rows, int perRow, Tile tile, long s) {
    FloatVector da0 = load(s);
    FloatVector da1 = load(s + VECTOR);
    FloatVector da2 = load(s + 2 * VECTOR);
    FloatVector da3 = load(s + 3 * VECTOR);
    FloatVector da4 = load(s + 4 * VECTOR);
    FloatVector da5 = load(s + 5 * VECTOR);
    FloatVector db1 = load(s + 6 * VECTOR);
    FloatVector db2 = load(s + 7 * VECTOR);
    FloatVector db3 = load(s + 8 * VECTOR);
    FloatVector db4 = load(s + 9 * VECTOR);
    long gap = (long) Float.BYTES * (tile.rowPitch() - tile.columns());
    long slotGap = (long) Float.BYTES * (tile.strips() - 1) * tile.columns();
    long at = 0;
    long slot = 0;
    for (int vector = 0, left = perRow; vector < rows * perRow; vector++) {
      FloatVector x1 = load(x + at);
      FloatVector x2 = x1.mul(x1);
      FloatVector x3 = x2.mul(x1);
      FloatVector x4 = x2.mul(x2);
      FloatVector u = load(w + slot);
      da0 = da0.add(u);
      da1 = u.fma(x1, da1);
      da2 = u.fma(x2, da2);
      da3 = u.fma(x3, da3);
      da4 = u.fma(x4, da4);
      da5 = u.fma(x4.mul(x1), da5);
      FloatVector uf = load(wf + slot);
      db1 = uf.fma(x1.abs(), db1);
      db2 = uf.fma(x2, db2);
      db3 = uf.fma(x3.abs(), db3);
      db4 = uf.fma(x4, db4);
      at += VECTOR;
      slot += VECTOR;
      if (--left == 0) {
        left = perRow;
        at += gap;
        slot += slotGap;
      }
    }
    store(da0, s);
    store(da1, s + VECTOR);
    store(da2, s + 2 * VECTOR);
    store(da3, s + 3 * VECTOR);
    store(da4, s + 4 * VECTOR);
    store(da5, s + 5 * VECTOR);
    store(db1, s + 6 * VECTOR);
    store(db2, s + 7 * VECTOR);
    store(db3, s + 8 * VECTOR);
    store(db4, s + 9 * VECTOR);
  }
}
