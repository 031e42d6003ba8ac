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
  private static final int TERMS = UPPER + LOWER;

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final int LANES = SPECIES.length();

  /** Bytes of a vector. */
  private static final long VECTOR = (long) LANES * Float.BYTES;

  /** Bytes of a strip's coefficients, and of its sums. */
  private static final long STRIP = TERMS * VECTOR;

  /** Elements that the two backward passes go over in turn. */
  private static final int PANEL = 1 << 12;

  /** Vectors that are added up before they meet larger sums, whose rounding is coarser. */
  private static final int ADDENDS = 64;

  private final float[] table; // [strips, terms, lanes]

  FloatTiles54(Coefficients coefficients, Tiling tiling) {
    table = FloatTiles.table(coefficients, tiling);
  }

  static boolean fits(Coefficients coefficients) {
    return coefficients.upper == UPPER && coefficients.lower == LOWER;
  }

  private static FloatVector get(float[] lanes, int strip, int term) {
    return FloatVector.fromArray(SPECIES, lanes, strip + term * LANES);
  }

  private static void add(float[] lanes, int strip, int term, FloatVector value) {
    get(lanes, strip, term).add(value).intoArray(lanes, strip + term * LANES);
  }

  private static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(SPECIES, ALL, address, ORDER);
  }

  private static void store(FloatVector value, long address) {
    value.intoMemorySegment(ALL, address, ORDER);
  }

  @Override
  public void forward(long x, long y, Tile tile) {
    long coefficients = Scratch.ofThread().copy(Use.TABLE, table) + tile.firstStrip() * STRIP;
    int perStrip = tile.columns() / LANES;
    int vectors = tile.rows() * tile.strips() * perStrip;
    long stripGap = (long) Float.BYTES * (tile.stripPitch() - tile.columns());
    long rowGap = (long) Float.BYTES * (tile.rowPitch() - tile.strips() * tile.stripPitch());
    FloatVector one = FloatVector.broadcast(SPECIES, 1);
    long c = coefficients;
    long at = 0;
    // One flat loop: nested ones would start anew for rows of few vectors, strips of one.
    for (int i = 0, left = perStrip, strip = 0; i < vectors; i++) {
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
        at += stripGap;
        c += STRIP;
        if (++strip == tile.strips()) {
          strip = 0;
          at += rowGap;
          c = coefficients;
        }
      }
    }
  }

  /** Some rows between the two backward passes. */
  private static final class Panel {
    final Tile tile;
    final float[] w; // upstream / Q, [rows, strips, columns]
    final float[] wf; // w F, likewise
    final float[] sums; // [strips, terms, lanes]

    Panel(Tile tile, int rows) {
      Scratch scratch = Scratch.ofThread();
      int size = rows * tile.strips() * tile.columns();
      this.tile = tile;
      w = scratch.floats(Use.WEIGHTS, size);
      wf = scratch.floats(Use.WEIGHTED_VALUES, size);
      sums = scratch.zeros(Use.SUMS, tile.strips() * TERMS * LANES);
    }
  }

  @Override
  public void backward(long upstream, long x, long dx, Tile tile, double[] sums) {
    int row = tile.strips() * tile.columns(); // elements
    int most = Math.min(PANEL / row, ADDENDS * LANES / tile.columns());
    int step = Math.clamp(most, 1, tile.rows());
    Panel panel = new Panel(tile, step);
    for (int first = 0; first < tile.rows(); first += step) {
      int rows = Math.min(step, tile.rows() - first);
      long at = tile.start(first, 0) * Float.BYTES;
      slopes(upstream + at, x + at, dx + at, panel, rows);
      for (int strip = 0; strip < tile.strips(); strip++) {
        sums(x + tile.start(first, strip) * Float.BYTES, panel, rows, strip);
      }
    }
    int size = tile.strips() * TERMS * LANES;
    FloatTiles.drain(panel.sums, size, sums, tile.firstStrip() * TERMS * LANES);
  }

  /** dx, w and w F of some rows. */
  private void slopes(long upstream, long x, long dx, Panel panel, int rows) {
    Tile tile = panel.tile;
    float[] w = panel.w;
    float[] wf = panel.wf;
    int coefficients = tile.firstStrip() * TERMS * LANES;
    int perStrip = tile.columns() / LANES;
    int vectors = rows * tile.strips() * perStrip;
    long stripGap = (long) Float.BYTES * (tile.stripPitch() - tile.columns());
    long rowGap = (long) Float.BYTES * (tile.rowPitch() - tile.strips() * tile.stripPitch());
    FloatVector one = FloatVector.broadcast(SPECIES, 1);
    FloatVector zero = FloatVector.zero(SPECIES);
    int c = coefficients;
    long at = 0;
    for (int i = 0, left = perStrip, strip = 0; i < vectors; i++) {
      FloatVector v = load(x + at);
      FloatVector r = v.abs();

      // Q and Q', P and P', both by Horner's rule
      FloatVector b4 = get(table, c, 9);
      FloatVector q3 = b4.fma(r, get(table, c, 8));
      FloatVector q2 = q3.fma(r, get(table, c, 7));
      FloatVector q1 = q2.fma(r, get(table, c, 6));
      FloatVector inverse = one.div(q1.fma(r, one));
      FloatVector dq = b4.fma(r, q3).fma(r, q2).fma(r, q1);
      FloatVector a5 = get(table, c, 5);
      FloatVector p4 = a5.fma(v, get(table, c, 4));
      FloatVector p3 = p4.fma(v, get(table, c, 3));
      FloatVector p2 = p3.fma(v, get(table, c, 2));
      FloatVector p1 = p2.fma(v, get(table, c, 1));
      FloatVector dp = a5.fma(v, p4).fma(v, p3).fma(v, p2).fma(v, p1);
      FloatVector f = p1.fma(v, get(table, c, 0)).mul(inverse);

      FloatVector weight = load(upstream + at).mul(inverse);
      weight.intoArray(w, i * LANES);
      weight.mul(f).intoArray(wf, i * LANES);
      FloatVector slope = dp.sub(f.mul(dq.blend(dq.neg(), v.lt(zero)))); // sgn(0) = +1
      store(slope.mul(weight), dx + at);
      at += VECTOR;
      if (--left == 0) {
        left = perStrip;
        at += stripGap;
        c += TERMS * LANES;
        if (++strip == tile.strips()) {
          strip = 0;
          at += rowGap;
          c = coefficients;
        }
      }
    }
  }

  /** Adds one strip of some rows to its sums. */
  private static void sums(long x, Panel panel, int rows, int strip) {
    Tile tile = panel.tile;
    float[] w = panel.w;
    float[] wf = panel.wf;
    int perRow = tile.columns() / LANES;
    int vectors = rows * perRow;
    long gap = (long) Float.BYTES * (tile.rowPitch() - tile.columns());
    int slotGap = (tile.strips() - 1) * tile.columns();
    FloatVector zero = FloatVector.zero(SPECIES);
    FloatVector da0 = zero;
    FloatVector da1 = zero;
    FloatVector da2 = zero;
    FloatVector da3 = zero;
    FloatVector da4 = zero;
    FloatVector da5 = zero;
    FloatVector db1 = zero;
    FloatVector db2 = zero;
    FloatVector db3 = zero;
    FloatVector db4 = zero;
    long at = 0;
    int from = strip * tile.columns();
    for (int i = 0, left = perRow; i < vectors; i++) {
      FloatVector x1 = load(x + at);
      FloatVector x2 = x1.mul(x1);
      FloatVector x3 = x2.mul(x1);
      FloatVector x4 = x2.mul(x2);
      FloatVector u = FloatVector.fromArray(SPECIES, w, from);
      da0 = da0.add(u);
      da1 = u.fma(x1, da1);
      da2 = u.fma(x2, da2);
      da3 = u.fma(x3, da3);
      da4 = u.fma(x4, da4);
      da5 = u.fma(x4.mul(x1), da5);
      FloatVector uf = FloatVector.fromArray(SPECIES, wf, from);
      db1 = uf.fma(x1.abs(), db1);
      db2 = uf.fma(x2, db2);
      db3 = uf.fma(x3.abs(), db3);
      db4 = uf.fma(x4, db4);
      at += VECTOR;
      from += LANES;
      if (--left == 0) {
        left = perRow;
        at += gap;
        from += slotGap;
      }
    }
    int s = strip * TERMS * LANES;
    add(panel.sums, s, 0, da0);
    add(panel.sums, s, 1, da1);
    add(panel.sums, s, 2, da2);
    add(panel.sums, s, 3, da3);
    add(panel.sums, s, 4, da4);
    add(panel.sums, s, 5, da5);
    add(panel.sums, s, 6, db1);
    add(panel.sums, s, 7, db2);
    add(panel.sums, s, 8, db3);
    add(panel.sums, s, 9, db4);
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
