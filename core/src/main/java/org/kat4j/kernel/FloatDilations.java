package org.kat4j.kernel;

import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.kat4j.kernel.FloatPanels.ORDER;
import static org.kat4j.kernel.FloatPanels.SPECIES;
import static org.kat4j.kernel.FloatPanels.STEP;
import static org.kat4j.kernel.NativeMemory.ALL;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/**
 * {@link EdgeFunction.Dilated} in float32.
 *
 * <p>Each step is a short loop over a panel of its own, so that every function's loops are compiled
 * by themselves: one loop over functions that differ would box its vectors.
 */
final class FloatDilations implements EdgePanels {
  private static final long PANEL = (long) ROWS * Float.BYTES;

  /** From here on libtorch's softplus is its argument. */
  private static final float STRAIGHT = 20;

  private final EdgeFunction.Form form;
  private final long parameters; // [edges, (a, c, w)]
  private final long u;
  private final long value; // phi(u)
  private final long slope; // phi'(u)
  private final long first; // for the functions that phi is made of
  private final long second;
  private final float[] lanes = new float[3 * FloatPanels.LANES];

  FloatDilations(EdgeFunction.Form form, long parameters) {
    this.form = form;
    this.parameters = parameters;
    u = Scratch.ofThread().address(Scratch.Use.PANELS, 5 * PANEL);
    value = u + PANEL;
    slope = value + PANEL;
    first = slope + PANEL;
    second = first + PANEL;
  }

  private float parameter(long edge, int term) {
    return ALL.get(ValueLayout.JAVA_FLOAT, parameters + (3 * edge + term) * Float.BYTES);
  }

  @Override
  public void forward(long edge, long x, long y, int rows) {
    dilate(x, parameter(edge, 0), parameter(edge, 1), rows);
    apply(rows);
    float w = parameter(edge, 2);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      fromMemorySegment(SPECIES, ALL, value + at, ORDER)
          .fma(broadcast(SPECIES, w), fromMemorySegment(SPECIES, ALL, y + at, ORDER))
          .intoMemorySegment(ALL, y + at, ORDER);
    }
  }

  @Override
  public void backward(long edge, long upstream, long x, long dx, int rows, double[] sums) {
    float a = parameter(edge, 0);
    float w = parameter(edge, 2);
    dilate(x, a, parameter(edge, 1), rows);
    apply(rows);
    sum(upstream, x, dx, w * a, rows);
    sums[0] += w * FloatPanels.total(lanes, 0);
    sums[1] += w * FloatPanels.total(lanes, FloatPanels.LANES);
    sums[2] += FloatPanels.total(lanes, 2 * FloatPanels.LANES);
  }

  private void dilate(long x, float a, float c, int rows) {
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      fromMemorySegment(SPECIES, ALL, x + at, ORDER)
          .fma(broadcast(SPECIES, a), broadcast(SPECIES, c))
          .intoMemorySegment(ALL, u + at, ORDER);
    }
  }

  /** dx and the sums over rows of g phi' x, g phi', g phi. */
  private void sum(long upstream, long x, long dx, float wa, int rows) {
    FloatVector ofA = broadcast(SPECIES, 0f);
    FloatVector ofC = broadcast(SPECIES, 0f);
    FloatVector ofW = broadcast(SPECIES, 0f);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector g = fromMemorySegment(SPECIES, ALL, upstream + at, ORDER);
      FloatVector inner = g.mul(fromMemorySegment(SPECIES, ALL, slope + at, ORDER));
      inner
          .fma(broadcast(SPECIES, wa), fromMemorySegment(SPECIES, ALL, dx + at, ORDER))
          .intoMemorySegment(ALL, dx + at, ORDER);
      ofA = inner.fma(fromMemorySegment(SPECIES, ALL, x + at, ORDER), ofA);
      ofC = ofC.add(inner);
      ofW = g.fma(fromMemorySegment(SPECIES, ALL, value + at, ORDER), ofW);
    }
    ofA.intoArray(lanes, 0);
    ofC.intoArray(lanes, FloatPanels.LANES);
    ofW.intoArray(lanes, 2 * FloatPanels.LANES);
  }

  private void apply(int rows) {
    switch (form) {
      case MEXICAN_HAT -> mexicanHat(rows);
      case MORLET -> morlet(rows);
      case DERIVATIVE_OF_GAUSSIAN -> derivativeOfGaussian(rows);
      case MEYER -> meyer(rows);
      case SINC -> sinc(rows);
      case SHIFTED_SOFTPLUS -> shiftedSoftplus(rows);
    }
  }

  /** e^(-u^2 / 2) into the first panel. */
  private void bell(int rows) {
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER);
      v.mul(v).mul(broadcast(SPECIES, -0.5f)).intoMemorySegment(ALL, first + at, ORDER);
    }
    FloatPanels.exp(first, rows);
  }

  private void mexicanHat(int rows) {
    bell(rows);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER);
      FloatVector bell = fromMemorySegment(SPECIES, ALL, first + at, ORDER);
      FloatVector square = v.mul(v);
      square.sub(broadcast(SPECIES, 1f)).mul(bell).intoMemorySegment(ALL, value + at, ORDER);
      broadcast(SPECIES, 3f).sub(square).mul(v).mul(bell).intoMemorySegment(ALL, slope + at, ORDER);
    }
  }

  private void derivativeOfGaussian(int rows) {
    bell(rows);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER);
      FloatVector bell = fromMemorySegment(SPECIES, ALL, first + at, ORDER);
      v.neg().mul(bell).intoMemorySegment(ALL, value + at, ORDER);
      v.mul(v).sub(broadcast(SPECIES, 1f)).mul(bell).intoMemorySegment(ALL, slope + at, ORDER);
    }
  }

  private void morlet(int rows) {
    bell(rows);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      fromMemorySegment(SPECIES, ALL, u + at, ORDER)
          .mul(broadcast(SPECIES, 5f))
          .intoMemorySegment(ALL, second + at, ORDER);
    }
    FloatPanels.sinCos(second, slope, second, rows);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector bell = fromMemorySegment(SPECIES, ALL, first + at, ORDER);
      FloatVector cos = fromMemorySegment(SPECIES, ALL, second + at, ORDER);
      FloatVector sin = fromMemorySegment(SPECIES, ALL, slope + at, ORDER);
      cos.mul(bell).intoMemorySegment(ALL, value + at, ORDER);
      sin.fma(broadcast(SPECIES, 5f), fromMemorySegment(SPECIES, ALL, u + at, ORDER).mul(cos))
          .neg()
          .mul(bell)
          .intoMemorySegment(ALL, slope + at, ORDER);
    }
  }

  /** With sines in value and first, cosines in slope and second, of pi v and of the window. */
  private void meyer(int rows) {
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER).abs();
      FloatVector inside = v.blend(1, v.compare(GT, 1)); // no large angles
      FloatVector t = inside.add(inside).sub(broadcast(SPECIES, 1f));
      t = t.blend(0, t.compare(LT, 0));
      FloatVector square = t.mul(t);
      FloatVector s =
          broadcast(SPECIES, -20f)
              .fma(t, broadcast(SPECIES, 70f))
              .fma(t, broadcast(SPECIES, -84f))
              .fma(t, broadcast(SPECIES, 35f));
      inside.mul(broadcast(SPECIES, (float) Math.PI)).intoMemorySegment(ALL, value + at, ORDER);
      s.mul(square)
          .mul(square)
          .mul(broadcast(SPECIES, (float) (Math.PI / 2)))
          .intoMemorySegment(ALL, first + at, ORDER);
    }
    FloatPanels.sinCos(value, value, slope, rows);
    FloatPanels.sinCos(first, first, second, rows);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER);
      FloatVector t = v.abs().fma(broadcast(SPECIES, 2f), broadcast(SPECIES, -1f));
      t = t.blend(0, t.compare(LT, 0));
      FloatVector rising = t.mul(broadcast(SPECIES, 1f).sub(t));
      FloatVector ds = rising.mul(rising).mul(rising).mul(broadcast(SPECIES, 140f)); // s'(t)
      FloatVector sin = fromMemorySegment(SPECIES, ALL, value + at, ORDER);
      FloatVector d =
          fromMemorySegment(SPECIES, ALL, slope + at, ORDER)
              .mul(fromMemorySegment(SPECIES, ALL, second + at, ORDER));
      d =
          d.sub(sin.mul(fromMemorySegment(SPECIES, ALL, first + at, ORDER)).mul(ds))
              .mul(broadcast(SPECIES, (float) Math.PI));
      d = d.blend(d.neg(), v.compare(LT, 0)).blend(0, v.compare(EQ, 0));
      var outside = v.abs().compare(GE, 1);
      sin.mul(fromMemorySegment(SPECIES, ALL, second + at, ORDER))
          .blend(0, outside)
          .intoMemorySegment(ALL, value + at, ORDER);
      d.blend(0, outside).intoMemorySegment(ALL, slope + at, ORDER);
    }
  }

  /** The slope near 0 is a series, where cos u - sin u / u would cancel. */
  private void sinc(int rows) {
    FloatPanels.sinCos(u, first, second, rows);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER);
      FloatVector sinc =
          fromMemorySegment(SPECIES, ALL, first + at, ORDER).div(v).blend(1, v.compare(EQ, 0));
      FloatVector square = v.mul(v);
      FloatVector series =
          broadcast(SPECIES, -1f / 3991680).fma(square, broadcast(SPECIES, 1f / 45360));
      series = series.fma(square, broadcast(SPECIES, -1f / 840));
      series = series.fma(square, broadcast(SPECIES, 1f / 30));
      series = series.fma(square, broadcast(SPECIES, -1f / 3)).mul(v);
      FloatVector far = fromMemorySegment(SPECIES, ALL, second + at, ORDER).sub(sinc).div(v);
      sinc.intoMemorySegment(ALL, value + at, ORDER);
      far.blend(series, v.abs().compare(LT, 0.5f)).intoMemorySegment(ALL, slope + at, ORDER);
    }
  }

  /**
   * max(u, 0) + log(1 + e^-|u|) - log 2, above {@link #STRAIGHT} without the logarithm: 2 (z + z^3
   * / 3 + z^5 / 5 + ...), z = e^-|u| / (2 + e^-|u|).
   */
  private void shiftedSoftplus(int rows) {
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      fromMemorySegment(SPECIES, ALL, u + at, ORDER)
          .abs()
          .neg()
          .intoMemorySegment(ALL, first + at, ORDER);
    }
    FloatPanels.exp(first, rows);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER);
      FloatVector e = fromMemorySegment(SPECIES, ALL, first + at, ORDER);
      FloatVector z = e.div(e.add(broadcast(SPECIES, 2f)));
      FloatVector square = z.mul(z); // up to 1 / 9
      FloatVector series = broadcast(SPECIES, 2f / 15).fma(square, broadcast(SPECIES, 2f / 13));
      series = series.fma(square, broadcast(SPECIES, 2f / 11));
      series = series.fma(square, broadcast(SPECIES, 2f / 9));
      series = series.fma(square, broadcast(SPECIES, 2f / 7));
      series = series.fma(square, broadcast(SPECIES, 2f / 5));
      series = series.fma(square, broadcast(SPECIES, 2f / 3));
      series = series.fma(square, broadcast(SPECIES, 2f));
      var straight = v.compare(GT, STRAIGHT);
      var negative = v.compare(LT, 0);
      FloatVector log = series.mul(z).blend(0, straight);
      v.blend(0, negative)
          .add(log)
          .sub(broadcast(SPECIES, (float) Math.log(2)))
          .intoMemorySegment(ALL, value + at, ORDER);
      FloatVector logistic =
          broadcast(SPECIES, 1f).blend(e, negative).div(e.add(broadcast(SPECIES, 1f)));
      logistic.blend(1, straight).intoMemorySegment(ALL, slope + at, ORDER);
    }
  }
}
