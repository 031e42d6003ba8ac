package org.kat4j.kernel;

import static jdk.incubator.vector.DoubleVector.broadcast;
import static jdk.incubator.vector.DoubleVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.XOR;
import static org.kat4j.kernel.NativeMemory.ALL;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions of float64 panels, to about a unit in the last place of 1.
 *
 * <p>Not the JDK's own vector functions: those have other last bits once they are compiled than
 * before, so that runs would differ, and call out of the loop.
 */
final class DoublePanels {
  static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();

  private static final VectorSpecies<Long> BITS = LongVector.SPECIES_PREFERRED;

  /** Bytes of a vector. */
  static final int STEP = LANES * Double.BYTES;

  static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Added to a number it leaves the nearest integer in the lowest bits. */
  private static final double ROUND = 0x1.8p52;

  private static final double LOG2_E = 1.44269504088896341;
  private static final double LN_2 = 0.693359375; // few bits: its multiples are exact
  private static final double LN_2_REST = -2.12194440054690582767854182e-4;

  /** Below it e^x is no normal number any more. */
  private static final double LOWEST = -708.396418532264;

  private static final double PER_QUARTER = 0.636619772367581343; // 2 / pi
  private static final double QUARTER = 1.5707963267948966; // pi / 2 in three parts
  private static final double QUARTER_REST = 6.123233995736766e-17;
  private static final double QUARTER_LAST = -1.4973849048591698e-33;

  /** Angles that these three parts are enough for. */
  private static final double LARGEST = 0x1p20;

  private static final double[] FACTORIALS = new double[14]; // 1 / k!

  static {
    FACTORIALS[0] = 1;
    for (int k = 1; k < FACTORIALS.length; k++) {
      FACTORIALS[k] = FACTORIALS[k - 1] / k;
    }
  }

  private DoublePanels() {}

  /**
   * e^x in place, of numbers that are not positive: 2^n e^r, n the integer next to x / ln 2. The
   * polynomial is Taylor's.
   */
  static void exp(long x, int rows) {
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector v = fromMemorySegment(SPECIES, ALL, x + at, ORDER);
      DoubleVector shifted = v.fma(broadcast(SPECIES, LOG2_E), broadcast(SPECIES, ROUND));
      DoubleVector n = shifted.sub(broadcast(SPECIES, ROUND));
      DoubleVector r = n.fma(broadcast(SPECIES, -LN_2), v);
      r = n.fma(broadcast(SPECIES, -LN_2_REST), r);
      DoubleVector p = broadcast(SPECIES, FACTORIALS[13]);
      for (int k = 12; k >= 0; k--) {
        p = p.fma(r, broadcast(SPECIES, FACTORIALS[k]));
      }
      DoubleVector power =
          shifted
              .reinterpretAsLongs()
              .lanewise(LSHL, 52)
              .add(Double.doubleToRawLongBits(1))
              .reinterpretAsDoubles();
      p.mul(power).blend(0, v.compare(LT, LOWEST)).intoMemorySegment(ALL, x + at, ORDER);
    }
  }

  /**
   * sin and cos of angles, which the sines may overwrite: of the rest r of a quarter turn, |r| up
   * to pi / 4, by the polynomials of fdlibm.
   */
  static void sinCos(long angles, long sines, long cosines, int rows) {
    LongVector most = LongVector.zero(BITS);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector v = fromMemorySegment(SPECIES, ALL, angles + at, ORDER);
      most = most.max(v.abs().reinterpretAsLongs()); // orders positive numbers, NaN above all
    }
    if (most.compare(GE, Double.doubleToRawLongBits(LARGEST)).anyTrue()) {
      sinCosOfAny(angles, sines, cosines, rows);
      return;
    }
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector v = fromMemorySegment(SPECIES, ALL, angles + at, ORDER);
      DoubleVector shifted = v.fma(broadcast(SPECIES, PER_QUARTER), broadcast(SPECIES, ROUND));
      DoubleVector n = shifted.sub(broadcast(SPECIES, ROUND));
      DoubleVector r = n.fma(broadcast(SPECIES, -QUARTER), v);
      r = n.fma(broadcast(SPECIES, -QUARTER_REST), r);
      r = n.fma(broadcast(SPECIES, -QUARTER_LAST), r);
      DoubleVector square = r.mul(r);
      DoubleVector sin =
          broadcast(SPECIES, 1.58969099521155010221e-10)
              .fma(square, broadcast(SPECIES, -2.50507602534068634195e-8));
      sin = sin.fma(square, broadcast(SPECIES, 2.75573137070700676789e-6));
      sin = sin.fma(square, broadcast(SPECIES, -1.98412698298579493134e-4));
      sin = sin.fma(square, broadcast(SPECIES, 8.33333333332248946124e-3));
      sin = sin.fma(square, broadcast(SPECIES, -1.66666666666666324348e-1));
      sin = sin.fma(square.mul(r), r);
      DoubleVector cos =
          broadcast(SPECIES, -1.13596475577881948265e-11)
              .fma(square, broadcast(SPECIES, 2.08757232129817482790e-9));
      cos = cos.fma(square, broadcast(SPECIES, -2.75573143513906633035e-7));
      cos = cos.fma(square, broadcast(SPECIES, 2.48015872894767294178e-5));
      cos = cos.fma(square, broadcast(SPECIES, -1.38888888888741095749e-3));
      cos = cos.fma(square, broadcast(SPECIES, 4.16666666666666019037e-2));
      cos = cos.fma(square, broadcast(SPECIES, -0.5)).fma(square, broadcast(SPECIES, 1.0));
      LongVector quarter = shifted.reinterpretAsLongs();
      var odd = quarter.and(1).compare(NE, 0).cast(SPECIES);
      LongVector sinSign = quarter.and(2).lanewise(LSHL, 62);
      LongVector cosSign = quarter.add(1).and(2).lanewise(LSHL, 62);
      LongVector sinBits = sin.blend(cos, odd).reinterpretAsLongs().lanewise(XOR, sinSign);
      LongVector cosBits = cos.blend(sin, odd).reinterpretAsLongs().lanewise(XOR, cosSign);
      sinBits.reinterpretAsDoubles().intoMemorySegment(ALL, sines + at, ORDER);
      cosBits.reinterpretAsDoubles().intoMemorySegment(ALL, cosines + at, ORDER);
    }
  }

  private static void sinCosOfAny(long angles, long sines, long cosines, int rows) {
    for (long at = 0; at < (long) rows * Double.BYTES; at += Double.BYTES) {
      double v = ALL.get(ValueLayout.JAVA_DOUBLE, angles + at);
      ALL.set(ValueLayout.JAVA_DOUBLE, sines + at, StrictMath.sin(v));
      ALL.set(ValueLayout.JAVA_DOUBLE, cosines + at, StrictMath.cos(v));
    }
  }

  /** The sum of lanes in their order. */
  static double total(double[] lanes, int first) {
    double sum = 0;
    for (int lane = first; lane < first + LANES; lane++) {
      sum += lanes[lane];
    }
    return sum;
  }
}
