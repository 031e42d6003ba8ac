package org.kat4j.kernel;

import static jdk.incubator.vector.DoubleVector.broadcast;
import static jdk.incubator.vector.DoubleVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.kat4j.kernel.DoublePanels.ORDER;
import static org.kat4j.kernel.DoublePanels.SPECIES;
import static org.kat4j.kernel.DoublePanels.STEP;
import static org.kat4j.kernel.NativeMemory.ALL;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;

/**
 * {@link EdgeFunction.Dilated} in float64.
 *
 * <p>Each step is a short loop over a panel of its own, so that every function's loops are compiled
 * by themselves: one loop over functions that differ would box its vectors.
 */
final class DoubleDilations implements EdgePanels {
  private static final long PANEL = (long) ROWS * Double.BYTES;

  /** From here on libtorch's softplus is its argument. */
  private static final double STRAIGHT = 20;

  private final EdgeFunction.Form form;
  private final long parameters; // [edges, (a, c, w)]
  private final long u;
  private final long value; // phi(u)
  private final long slope; // phi'(u)
  private final long first; // for the functions that phi is made of
  private final long second;
  private final double[] lanes = new double[3 * DoublePanels.LANES];

  DoubleDilations(EdgeFunction.Form form, long parameters) {
    this.form = form;
    this.parameters = parameters;
    u = Scratch.ofThread().address(Scratch.Use.PANELS, 5 * PANEL);
    value = u + PANEL;
    slope = value + PANEL;
    first = slope + PANEL;
    second = first + PANEL;
  }

  private double parameter(long edge, int term) {
    return ALL.get(ValueLayout.JAVA_DOUBLE, parameters + (3 * edge + term) * Double.BYTES);
  }

  @Override
  public void forward(long edge, long x, long y, int rows) {
    dilate(x, parameter(edge, 0), parameter(edge, 1), rows);
    apply(rows);
    double w = parameter(edge, 2);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      fromMemorySegment(SPECIES, ALL, value + at, ORDER)
          .fma(broadcast(SPECIES, w), fromMemorySegment(SPECIES, ALL, y + at, ORDER))
          .intoMemorySegment(ALL, y + at, ORDER);
    }
  }

  @Override
  public void backward(long edge, long upstream, long x, long dx, int rows, double[] sums) {
    double a = parameter(edge, 0);
    double w = parameter(edge, 2);
    dilate(x, a, parameter(edge, 1), rows);
    apply(rows);
    sum(upstream, x, dx, w * a, rows);
    sums[0] += w * DoublePanels.total(lanes, 0);
    sums[1] += w * DoublePanels.total(lanes, DoublePanels.LANES);
    sums[2] += DoublePanels.total(lanes, 2 * DoublePanels.LANES);
  }

  private void dilate(long x, double a, double c, int rows) {
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      fromMemorySegment(SPECIES, ALL, x + at, ORDER)
          .fma(broadcast(SPECIES, a), broadcast(SPECIES, c))
          .intoMemorySegment(ALL, u + at, ORDER);
    }
  }

  /** dx and the sums over rows of g phi' x, g phi', g phi. */
  private void sum(long upstream, long x, long dx, double wa, int rows) {
    DoubleVector ofA = broadcast(SPECIES, 0.0);
    DoubleVector ofC = broadcast(SPECIES, 0.0);
    DoubleVector ofW = broadcast(SPECIES, 0.0);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector g = fromMemorySegment(SPECIES, ALL, upstream + at, ORDER);
      DoubleVector inner = g.mul(fromMemorySegment(SPECIES, ALL, slope + at, ORDER));
      inner
          .fma(broadcast(SPECIES, wa), fromMemorySegment(SPECIES, ALL, dx + at, ORDER))
          .intoMemorySegment(ALL, dx + at, ORDER);
      ofA = inner.fma(fromMemorySegment(SPECIES, ALL, x + at, ORDER), ofA);
      ofC = ofC.add(inner);
      ofW = g.fma(fromMemorySegment(SPECIES, ALL, value + at, ORDER), ofW);
    }
    ofA.intoArray(lanes, 0);
    ofC.intoArray(lanes, DoublePanels.LANES);
    ofW.intoArray(lanes, 2 * DoublePanels.LANES);
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
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER);
      v.mul(v).mul(broadcast(SPECIES, -0.5)).intoMemorySegment(ALL, first + at, ORDER);
    }
    DoublePanels.exp(first, rows);
  }

  private void mexicanHat(int rows) {
    bell(rows);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER);
      DoubleVector bell = fromMemorySegment(SPECIES, ALL, first + at, ORDER);
      DoubleVector square = v.mul(v);
      square.sub(broadcast(SPECIES, 1.0)).mul(bell).intoMemorySegment(ALL, value + at, ORDER);
      broadcast(SPECIES, 3.0)
          .sub(square)
          .mul(v)
          .mul(bell)
          .intoMemorySegment(ALL, slope + at, ORDER);
    }
  }

  private void derivativeOfGaussian(int rows) {
    bell(rows);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER);
      DoubleVector bell = fromMemorySegment(SPECIES, ALL, first + at, ORDER);
      v.neg().mul(bell).intoMemorySegment(ALL, value + at, ORDER);
      v.mul(v).sub(broadcast(SPECIES, 1.0)).mul(bell).intoMemorySegment(ALL, slope + at, ORDER);
    }
  }

  private void morlet(int rows) {
    bell(rows);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      fromMemorySegment(SPECIES, ALL, u + at, ORDER)
          .mul(broadcast(SPECIES, 5.0))
          .intoMemorySegment(ALL, second + at, ORDER);
    }
    DoublePanels.sinCos(second, slope, second, rows);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector bell = fromMemorySegment(SPECIES, ALL, first + at, ORDER);
      DoubleVector cos = fromMemorySegment(SPECIES, ALL, second + at, ORDER);
      DoubleVector sin = fromMemorySegment(SPECIES, ALL, slope + at, ORDER);
      cos.mul(bell).intoMemorySegment(ALL, value + at, ORDER);
      sin.fma(broadcast(SPECIES, 5.0), fromMemorySegment(SPECIES, ALL, u + at, ORDER).mul(cos))
          .neg()
          .mul(bell)
          .intoMemorySegment(ALL, slope + at, ORDER);
    }
  }

  /** With sines in value and first, cosines in slope and second, of pi v and of the window. */
  private void meyer(int rows) {
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER).abs();
      DoubleVector inside = v.blend(1, v.compare(GT, 1)); // no large angles
      DoubleVector t = inside.add(inside).sub(broadcast(SPECIES, 1.0));
      t = t.blend(0, t.compare(LT, 0));
      DoubleVector square = t.mul(t);
      DoubleVector s =
          broadcast(SPECIES, -20.0)
              .fma(t, broadcast(SPECIES, 70.0))
              .fma(t, broadcast(SPECIES, -84.0))
              .fma(t, broadcast(SPECIES, 35.0));
      inside.mul(broadcast(SPECIES, Math.PI)).intoMemorySegment(ALL, value + at, ORDER);
      s.mul(square)
          .mul(square)
          .mul(broadcast(SPECIES, (Math.PI / 2)))
          .intoMemorySegment(ALL, first + at, ORDER);
    }
    DoublePanels.sinCos(value, value, slope, rows);
    DoublePanels.sinCos(first, first, second, rows);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER);
      DoubleVector t = v.abs().fma(broadcast(SPECIES, 2.0), broadcast(SPECIES, -1.0));
      t = t.blend(0, t.compare(LT, 0));
      DoubleVector rising = t.mul(broadcast(SPECIES, 1.0).sub(t));
      DoubleVector ds = rising.mul(rising).mul(rising).mul(broadcast(SPECIES, 140.0)); // s'(t)
      DoubleVector sin = fromMemorySegment(SPECIES, ALL, value + at, ORDER);
      DoubleVector d =
          fromMemorySegment(SPECIES, ALL, slope + at, ORDER)
              .mul(fromMemorySegment(SPECIES, ALL, second + at, ORDER));
      d =
          d.sub(sin.mul(fromMemorySegment(SPECIES, ALL, first + at, ORDER)).mul(ds))
              .mul(broadcast(SPECIES, Math.PI));
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
    DoublePanels.sinCos(u, first, second, rows);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER);
      DoubleVector sinc =
          fromMemorySegment(SPECIES, ALL, first + at, ORDER).div(v).blend(1, v.compare(EQ, 0));
      DoubleVector square = v.mul(v);
      DoubleVector series =
          broadcast(SPECIES, -1.0 / 93405312000.0).fma(square, broadcast(SPECIES, 1.0 / 518918400));
      series = series.fma(square, broadcast(SPECIES, -1.0 / 3991680));
      series = series.fma(square, broadcast(SPECIES, 1.0 / 45360));
      series = series.fma(square, broadcast(SPECIES, -1.0 / 840));
      series = series.fma(square, broadcast(SPECIES, 1.0 / 30));
      series = series.fma(square, broadcast(SPECIES, -1.0 / 3));
      series = series.mul(v);
      DoubleVector far = fromMemorySegment(SPECIES, ALL, second + at, ORDER).sub(sinc).div(v);
      sinc.intoMemorySegment(ALL, value + at, ORDER);
      far.blend(series, v.abs().compare(LT, 0.5)).intoMemorySegment(ALL, slope + at, ORDER);
    }
  }

  /**
   * max(u, 0) + log(1 + e^-|u|) - log 2, above {@link #STRAIGHT} without the logarithm: 2 (z + z^3
   * / 3 + z^5 / 5 + ...), z = e^-|u| / (2 + e^-|u|).
   */
  private void shiftedSoftplus(int rows) {
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      fromMemorySegment(SPECIES, ALL, u + at, ORDER)
          .abs()
          .neg()
          .intoMemorySegment(ALL, first + at, ORDER);
    }
    DoublePanels.exp(first, rows);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector v = fromMemorySegment(SPECIES, ALL, u + at, ORDER);
      DoubleVector e = fromMemorySegment(SPECIES, ALL, first + at, ORDER);
      DoubleVector z = e.div(e.add(broadcast(SPECIES, 2.0)));
      DoubleVector square = z.mul(z); // up to 1 / 9
      DoubleVector series = broadcast(SPECIES, 2.0 / 33);
      for (int k = 31; k > 0; k -= 2) {
        series = series.fma(square, broadcast(SPECIES, 2.0 / k));
      }
      var straight = v.compare(GT, STRAIGHT);
      var negative = v.compare(LT, 0);
      DoubleVector log = series.mul(z).blend(0, straight);
      v.blend(0, negative)
          .add(log)
          .sub(broadcast(SPECIES, Math.log(2)))
          .intoMemorySegment(ALL, value + at, ORDER);
      DoubleVector logistic =
          broadcast(SPECIES, 1.0).blend(e, negative).div(e.add(broadcast(SPECIES, 1.0)));
      logistic.blend(1, straight).intoMemorySegment(ALL, slope + at, ORDER);
    }
  }
}
