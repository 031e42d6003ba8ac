package org.kat4j.kernel;

import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.XOR;
import static org.kat4j.kernel.NativeMemory.ALL;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions of float32 panels, to about a unit in the last place of 1.
 *
 * <p>Not the JDK's own vector functions: those have other last bits once they are compiled than
 * before, so that runs would differ, and call out of the loop.
 */
final class FloatPanels {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();

  private static final VectorSpecies<Integer> BITS = IntVector.SPECIES_PREFERRED;

  /** Bytes of a vector. */
  static final int STEP = LANES * Float.BYTES;

  static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Added to a number it leaves the nearest integer in the lowest bits. */
  private static final float ROUND = 0x1.8p23f;

  private static final float LOG2_E = 1.44269504088896341f;
  private static final float LN_2 = 0.693359375f; // few bits: its multiples are exact
  private static final float LN_2_REST = -2.12194440e-4f;

  /** Below it e^x is no normal number any more. */
  private static final float LOWEST = -87.33654f;

  private static final float PER_QUARTER = 0.636619772367581343f; // 2 / pi
  private static final float QUARTER = 1.57079637050628662109375f; // pi / 2 in three parts
  private static final float QUARTER_REST = -4.371138828673793e-8f;
  private static final float QUARTER_LAST = -1.7151245100058819e-15f;

  /** Angles that these three parts are enough for. */
  private static final float LARGEST = 0x1p15f;

  private FloatPanels() {}

  /**
   * e^x in place, of numbers that are not positive: 2^n e^r, n the integer next to x / ln 2. The
   * polynomial is that of Cephes' expf.
   */
  static void exp(long x, int rows) {
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + at, ORDER);
      FloatVector shifted = v.fma(broadcast(SPECIES, LOG2_E), broadcast(SPECIES, ROUND));
      FloatVector n = shifted.sub(broadcast(SPECIES, ROUND));
      FloatVector r = n.fma(broadcast(SPECIES, -LN_2), v);
      r = n.fma(broadcast(SPECIES, -LN_2_REST), r);
      FloatVector p =
          broadcast(SPECIES, 1.9875691500e-4f).fma(r, broadcast(SPECIES, 1.3981999507e-3f));
      p = p.fma(r, broadcast(SPECIES, 8.3334519073e-3f));
      p = p.fma(r, broadcast(SPECIES, 4.1665795894e-2f));
      p = p.fma(r, broadcast(SPECIES, 1.6666665459e-1f));
      p = p.fma(r, broadcast(SPECIES, 5.0000001201e-1f));
      p = p.fma(r, broadcast(SPECIES, 1f)).fma(r, broadcast(SPECIES, 1f));
      FloatVector power =
          shifted
              .reinterpretAsInts()
              .lanewise(LSHL, 23)
              .add(Float.floatToRawIntBits(1))
              .reinterpretAsFloats();
      p.mul(power).blend(0, v.compare(LT, LOWEST)).intoMemorySegment(ALL, x + at, ORDER);
    }
  }

  /**
   * sin and cos of angles, which the sines may overwrite: of the rest r of a quarter turn, |r| up
   * to pi / 4, by the polynomials of Cephes' sinf and cosf.
   */
  static void sinCos(long angles, long sines, long cosines, int rows) {
    IntVector most = IntVector.zero(BITS);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, angles + at, ORDER);
      most = most.max(v.abs().reinterpretAsInts()); // orders positive numbers, NaN above all
    }
    if (most.compare(GE, Float.floatToRawIntBits(LARGEST)).anyTrue()) {
      sinCosOfAny(angles, sines, cosines, rows);
      return;
    }
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, angles + at, ORDER);
      FloatVector shifted = v.fma(broadcast(SPECIES, PER_QUARTER), broadcast(SPECIES, ROUND));
      FloatVector n = shifted.sub(broadcast(SPECIES, ROUND));
      FloatVector r = n.fma(broadcast(SPECIES, -QUARTER), v);
      r = n.fma(broadcast(SPECIES, -QUARTER_REST), r);
      r = n.fma(broadcast(SPECIES, -QUARTER_LAST), r);
      FloatVector square = r.mul(r);
      FloatVector sin =
          broadcast(SPECIES, -1.9515295891e-4f).fma(square, broadcast(SPECIES, 8.3321608736e-3f));
      sin = sin.fma(square, broadcast(SPECIES, -1.6666654611e-1f));
      sin = sin.fma(square.mul(r), r);
      FloatVector cos =
          broadcast(SPECIES, 2.443315711809948e-5f)
              .fma(square, broadcast(SPECIES, -1.388731625493765e-3f));
      cos = cos.fma(square, broadcast(SPECIES, 4.166664568298827e-2f));
      cos = cos.fma(square, broadcast(SPECIES, -0.5f)).fma(square, broadcast(SPECIES, 1f));
      IntVector quarter = shifted.reinterpretAsInts();
      var odd = quarter.and(1).compare(NE, 0).cast(SPECIES);
      IntVector sinSign = quarter.and(2).lanewise(LSHL, 30);
      IntVector cosSign = quarter.add(1).and(2).lanewise(LSHL, 30);
      IntVector sinBits = sin.blend(cos, odd).reinterpretAsInts().lanewise(XOR, sinSign);
      IntVector cosBits = cos.blend(sin, odd).reinterpretAsInts().lanewise(XOR, cosSign);
      sinBits.reinterpretAsFloats().intoMemorySegment(ALL, sines + at, ORDER);
      cosBits.reinterpretAsFloats().intoMemorySegment(ALL, cosines + at, ORDER);
    }
  }

  private static void sinCosOfAny(long angles, long sines, long cosines, int rows) {
    for (long at = 0; at < (long) rows * Float.BYTES; at += Float.BYTES) {
      double v = ALL.get(ValueLayout.JAVA_FLOAT, angles + at);
      ALL.set(ValueLayout.JAVA_FLOAT, sines + at, (float) StrictMath.sin(v));
      ALL.set(ValueLayout.JAVA_FLOAT, cosines + at, (float) StrictMath.cos(v));
    }
  }

  /** The sum of lanes in their order. */
  static double total(float[] lanes, int first) {
    double sum = 0;
    for (int lane = first; lane < first + LANES; lane++) {
      sum += lanes[lane];
    }
    return sum;
  }
}
