package org.kat4j.kernel;

import static jdk.incubator.vector.DoubleVector.broadcast;
import static jdk.incubator.vector.DoubleVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.kat4j.kernel.DoublePanels.LANES;
import static org.kat4j.kernel.DoublePanels.ORDER;
import static org.kat4j.kernel.DoublePanels.SPECIES;
import static org.kat4j.kernel.DoublePanels.STEP;
import static org.kat4j.kernel.NativeMemory.ALL;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;

/**
 * {@link EdgeFunction.Circuit} in float64.
 *
 * <p>The backward runs the circuit again, keeping the vector after each upload, s_l. Then p, the
 * gradient of the result in that vector, goes back through it:
 *
 * <pre>
 *   d angle_l = p_1 s_0 - p_0 s_1
 *   p        <- U_l' p
 *   d M_l     = p s_(l-1)'
 *   p        <- M_l' p
 * </pre>
 */
final class DoubleCircuits implements EdgePanels {
  private static final long PANEL = (long) ROWS * Double.BYTES;

  /** Where |a| - |b| has no slope any more. */
  private static final double SMALLEST = 1e-12;

  private final EdgeFunction.Circuit circuit;
  private final long parameters;
  private final long result; // <Z>, then what is read off
  private final long slope; // of what is read off in <Z>
  private final long p; // three panels
  private final long uploads; // cos, sin, s: five panels for each upload
  private final double[] lanes = new double[9 * LANES];

  DoubleCircuits(EdgeFunction.Circuit circuit, long parameters) {
    this.circuit = circuit;
    this.parameters = parameters;
    result = Scratch.ofThread().address(Scratch.Use.PANELS, (5 + 5L * circuit.uploads()) * PANEL);
    slope = result + PANEL;
    p = slope + PANEL;
    uploads = p + 3 * PANEL;
  }

  private double parameter(long edge, int term) {
    return ALL.get(
        ValueLayout.JAVA_DOUBLE, parameters + (edge * circuit.terms() + term) * Double.BYTES);
  }

  private long cos(int upload) {
    return uploads + 5 * upload * PANEL;
  }

  private long sin(int upload) {
    return cos(upload) + PANEL;
  }

  /** Three panels. */
  private long state(int upload) {
    return cos(upload) + 2 * PANEL;
  }

  @Override
  public void forward(long edge, long x, long y, int rows) {
    run(edge, x, rows);
    if (circuit.moduli()) {
      difference(rows);
    }
    double w = parameter(edge, circuit.weight());
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector sum = fromMemorySegment(SPECIES, ALL, y + at, ORDER);
      fromMemorySegment(SPECIES, ALL, result + at, ORDER)
          .fma(broadcast(SPECIES, w), sum)
          .intoMemorySegment(ALL, y + at, ORDER);
    }
  }

  /** States after each upload, and the result. */
  private void run(long edge, long x, int rows) {
    for (int upload = 0; upload < circuit.uploads(); upload++) {
      angles(edge, upload, x, rows);
      DoublePanels.sinCos(sin(upload), sin(upload), cos(upload), rows);
      if (upload == 0) {
        start(edge, rows);
      } else {
        turn(edge, upload, rows);
      }
    }
    measure(edge, rows);
  }

  private void angles(long edge, int upload, long x, int rows) {
    double weight = parameter(edge, circuit.uploadWeight(upload));
    double bias = parameter(edge, circuit.uploadBias(upload));
    long angle = sin(upload);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      fromMemorySegment(SPECIES, ALL, x + at, ORDER)
          .fma(broadcast(SPECIES, weight), broadcast(SPECIES, bias))
          .intoMemorySegment(ALL, angle + at, ORDER);
    }
  }

  private void start(long edge, int rows) {
    double v0 = parameter(edge, circuit.start());
    double v1 = parameter(edge, circuit.start() + 1);
    double v2 = parameter(edge, circuit.start() + 2);
    long after = state(0);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector c = fromMemorySegment(SPECIES, ALL, cos(0) + at, ORDER);
      DoubleVector s = fromMemorySegment(SPECIES, ALL, sin(0) + at, ORDER);
      DoubleVector first = c.mul(v0).sub(s.mul(v1));
      DoubleVector second = s.mul(v0).add(c.mul(v1));
      first.intoMemorySegment(ALL, after + at, ORDER);
      second.intoMemorySegment(ALL, after + PANEL + at, ORDER);
      broadcast(SPECIES, v2).intoMemorySegment(ALL, after + 2 * PANEL + at, ORDER);
    }
  }

  private void turn(long edge, int upload, int rows) {
    int m = circuit.matrix(upload);
    double m00 = parameter(edge, m);
    double m01 = parameter(edge, m + 1);
    double m02 = parameter(edge, m + 2);
    double m10 = parameter(edge, m + 3);
    double m11 = parameter(edge, m + 4);
    double m12 = parameter(edge, m + 5);
    double m20 = parameter(edge, m + 6);
    double m21 = parameter(edge, m + 7);
    double m22 = parameter(edge, m + 8);
    long before = state(upload - 1);
    long after = state(upload);
    long cosines = cos(upload);
    long sines = sin(upload);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector s0 = fromMemorySegment(SPECIES, ALL, before + at, ORDER);
      DoubleVector s1 = fromMemorySegment(SPECIES, ALL, before + PANEL + at, ORDER);
      DoubleVector s2 = fromMemorySegment(SPECIES, ALL, before + 2 * PANEL + at, ORDER);
      DoubleVector v0 = s0.mul(m00);
      v0 = s1.fma(broadcast(SPECIES, m01), v0);
      v0 = s2.fma(broadcast(SPECIES, m02), v0);
      DoubleVector v1 = s0.mul(m10);
      v1 = s1.fma(broadcast(SPECIES, m11), v1);
      v1 = s2.fma(broadcast(SPECIES, m12), v1);
      DoubleVector v2 = s0.mul(m20);
      v2 = s1.fma(broadcast(SPECIES, m21), v2);
      v2 = s2.fma(broadcast(SPECIES, m22), v2);
      DoubleVector c = fromMemorySegment(SPECIES, ALL, cosines + at, ORDER);
      DoubleVector s = fromMemorySegment(SPECIES, ALL, sines + at, ORDER);
      c.mul(v0).sub(s.mul(v1)).intoMemorySegment(ALL, after + at, ORDER);
      s.mul(v0).add(c.mul(v1)).intoMemorySegment(ALL, after + PANEL + at, ORDER);
      v2.intoMemorySegment(ALL, after + 2 * PANEL + at, ORDER);
    }
  }

  private void measure(long edge, int rows) {
    int m = circuit.measured();
    double m0 = parameter(edge, m);
    double m1 = parameter(edge, m + 1);
    double m2 = parameter(edge, m + 2);
    long last = state(circuit.uploads() - 1);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector z = fromMemorySegment(SPECIES, ALL, last + at, ORDER).mul(m0);
      z = fromMemorySegment(SPECIES, ALL, last + PANEL + at, ORDER).fma(broadcast(SPECIES, m1), z);
      fromMemorySegment(SPECIES, ALL, last + 2 * PANEL + at, ORDER)
          .fma(broadcast(SPECIES, m2), z)
          .intoMemorySegment(ALL, result + at, ORDER);
    }
  }

  /** |a| - |b| = sqrt((1 + z) / 2) - sqrt((1 - z) / 2). */
  private void difference(int rows) {
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector z = fromMemorySegment(SPECIES, ALL, result + at, ORDER);
      DoubleVector a = z.add(1);
      DoubleVector b = z.neg().add(1);
      a = a.blend(SMALLEST, a.compare(LT, SMALLEST)).mul(0.5).sqrt();
      b = b.blend(SMALLEST, b.compare(LT, SMALLEST)).mul(0.5).sqrt();
      a.sub(b).intoMemorySegment(ALL, result + at, ORDER);
    }
  }

  /** Its slope, 1 / (4 |a|) + 1 / (4 |b|); of z itself 1. */
  private void slopes(int rows) {
    if (!circuit.moduli()) {
      for (int at = 0; at < rows * Double.BYTES; at += STEP) {
        broadcast(SPECIES, 1.0).intoMemorySegment(ALL, slope + at, ORDER);
      }
      return;
    }
    DoubleVector zero = DoubleVector.zero(SPECIES);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector z = fromMemorySegment(SPECIES, ALL, result + at, ORDER);
      DoubleVector a = z.add(1);
      DoubleVector b = z.neg().add(1);
      DoubleVector ofA = broadcast(SPECIES, 0.25).div(a.mul(0.5).sqrt());
      DoubleVector ofB = broadcast(SPECIES, 0.25).div(b.mul(0.5).sqrt());
      zero.blend(ofA, a.compare(GE, SMALLEST))
          .add(zero.blend(ofB, b.compare(GE, SMALLEST)))
          .intoMemorySegment(ALL, slope + at, ORDER);
    }
  }

  @Override
  public void backward(long edge, long upstream, long x, long dx, int rows, double[] sums) {
    run(edge, x, rows);
    slopes(rows);
    if (circuit.moduli()) {
      difference(rows);
    }
    unmeasure(edge, upstream, rows);
    drain(sums, circuit.measured(), 3);
    sums[circuit.weight()] += DoublePanels.total(lanes, 3 * LANES);
    for (int upload = circuit.uploads() - 1; upload >= 0; upload--) {
      unload(edge, upload, x, dx, rows);
      sums[circuit.uploadWeight(upload)] += DoublePanels.total(lanes, 0);
      sums[circuit.uploadBias(upload)] += DoublePanels.total(lanes, LANES);
      if (upload > 0) {
        ofMatrix(upload, rows);
        drain(sums, circuit.matrix(upload), 9);
        turnBack(edge, upload, rows);
      } else {
        ofStart(rows);
        drain(sums, circuit.start(), 3);
      }
    }
  }

  /** p at the end; sums of g w f' s and of g f. */
  private void unmeasure(long edge, long upstream, int rows) {
    int m = circuit.measured();
    double w = parameter(edge, circuit.weight());
    double m0 = parameter(edge, m);
    double m1 = parameter(edge, m + 1);
    double m2 = parameter(edge, m + 2);
    long last = state(circuit.uploads() - 1);
    DoubleVector sum0 = DoubleVector.zero(SPECIES);
    DoubleVector sum1 = DoubleVector.zero(SPECIES);
    DoubleVector sum2 = DoubleVector.zero(SPECIES);
    DoubleVector ofW = DoubleVector.zero(SPECIES);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector g = fromMemorySegment(SPECIES, ALL, upstream + at, ORDER);
      ofW = fromMemorySegment(SPECIES, ALL, result + at, ORDER).fma(g, ofW);
      g = g.mul(fromMemorySegment(SPECIES, ALL, slope + at, ORDER)).mul(w);
      sum0 = fromMemorySegment(SPECIES, ALL, last + at, ORDER).fma(g, sum0);
      sum1 = fromMemorySegment(SPECIES, ALL, last + PANEL + at, ORDER).fma(g, sum1);
      sum2 = fromMemorySegment(SPECIES, ALL, last + 2 * PANEL + at, ORDER).fma(g, sum2);
      g.mul(m0).intoMemorySegment(ALL, p + at, ORDER);
      g.mul(m1).intoMemorySegment(ALL, p + PANEL + at, ORDER);
      g.mul(m2).intoMemorySegment(ALL, p + 2 * PANEL + at, ORDER);
    }
    sum0.intoArray(lanes, 0);
    sum1.intoArray(lanes, LANES);
    sum2.intoArray(lanes, 2 * LANES);
    ofW.intoArray(lanes, 3 * LANES);
  }

  /** Back through an upload; sums of the angle's gradient, times x and alone. */
  private void unload(long edge, int upload, long x, long dx, int rows) {
    double weight = parameter(edge, circuit.uploadWeight(upload));
    long after = state(upload);
    long cosines = cos(upload);
    long sines = sin(upload);
    DoubleVector ofWeight = DoubleVector.zero(SPECIES);
    DoubleVector ofBias = DoubleVector.zero(SPECIES);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector p0 = fromMemorySegment(SPECIES, ALL, p + at, ORDER);
      DoubleVector p1 = fromMemorySegment(SPECIES, ALL, p + PANEL + at, ORDER);
      DoubleVector s0 = fromMemorySegment(SPECIES, ALL, after + at, ORDER);
      DoubleVector s1 = fromMemorySegment(SPECIES, ALL, after + PANEL + at, ORDER);
      DoubleVector angle = p1.mul(s0).sub(p0.mul(s1));
      ofBias = ofBias.add(angle);
      ofWeight = fromMemorySegment(SPECIES, ALL, x + at, ORDER).fma(angle, ofWeight);
      angle
          .fma(broadcast(SPECIES, weight), fromMemorySegment(SPECIES, ALL, dx + at, ORDER))
          .intoMemorySegment(ALL, dx + at, ORDER);
      DoubleVector c = fromMemorySegment(SPECIES, ALL, cosines + at, ORDER);
      DoubleVector s = fromMemorySegment(SPECIES, ALL, sines + at, ORDER);
      p0.mul(c).add(p1.mul(s)).intoMemorySegment(ALL, p + at, ORDER);
      p1.mul(c).sub(p0.mul(s)).intoMemorySegment(ALL, p + PANEL + at, ORDER);
    }
    ofWeight.intoArray(lanes, 0);
    ofBias.intoArray(lanes, LANES);
  }

  /** Sums of p s'. */
  private void ofMatrix(int upload, int rows) {
    long before = state(upload - 1);
    for (int j = 0; j < 3; j++) {
      long row = p + j * PANEL;
      DoubleVector sum0 = DoubleVector.zero(SPECIES);
      DoubleVector sum1 = DoubleVector.zero(SPECIES);
      DoubleVector sum2 = DoubleVector.zero(SPECIES);
      for (int at = 0; at < rows * Double.BYTES; at += STEP) {
        DoubleVector pj = fromMemorySegment(SPECIES, ALL, row + at, ORDER);
        sum0 = fromMemorySegment(SPECIES, ALL, before + at, ORDER).fma(pj, sum0);
        sum1 = fromMemorySegment(SPECIES, ALL, before + PANEL + at, ORDER).fma(pj, sum1);
        sum2 = fromMemorySegment(SPECIES, ALL, before + 2 * PANEL + at, ORDER).fma(pj, sum2);
      }
      sum0.intoArray(lanes, 3 * j * LANES);
      sum1.intoArray(lanes, (3 * j + 1) * LANES);
      sum2.intoArray(lanes, (3 * j + 2) * LANES);
    }
  }

  private void turnBack(long edge, int upload, int rows) {
    int m = circuit.matrix(upload);
    double m00 = parameter(edge, m);
    double m01 = parameter(edge, m + 1);
    double m02 = parameter(edge, m + 2);
    double m10 = parameter(edge, m + 3);
    double m11 = parameter(edge, m + 4);
    double m12 = parameter(edge, m + 5);
    double m20 = parameter(edge, m + 6);
    double m21 = parameter(edge, m + 7);
    double m22 = parameter(edge, m + 8);
    for (int at = 0; at < rows * Double.BYTES; at += STEP) {
      DoubleVector p0 = fromMemorySegment(SPECIES, ALL, p + at, ORDER);
      DoubleVector p1 = fromMemorySegment(SPECIES, ALL, p + PANEL + at, ORDER);
      DoubleVector p2 = fromMemorySegment(SPECIES, ALL, p + 2 * PANEL + at, ORDER);
      DoubleVector v0 = p0.mul(m00);
      v0 = p1.fma(broadcast(SPECIES, m10), v0);
      v0 = p2.fma(broadcast(SPECIES, m20), v0);
      DoubleVector v1 = p0.mul(m01);
      v1 = p1.fma(broadcast(SPECIES, m11), v1);
      v1 = p2.fma(broadcast(SPECIES, m21), v1);
      DoubleVector v2 = p0.mul(m02);
      v2 = p1.fma(broadcast(SPECIES, m12), v2);
      v2 = p2.fma(broadcast(SPECIES, m22), v2);
      v0.intoMemorySegment(ALL, p + at, ORDER);
      v1.intoMemorySegment(ALL, p + PANEL + at, ORDER);
      v2.intoMemorySegment(ALL, p + 2 * PANEL + at, ORDER);
    }
  }

  /** Sums of p. */
  private void ofStart(int rows) {
    for (int j = 0; j < 3; j++) {
      long row = p + j * PANEL;
      DoubleVector sum = DoubleVector.zero(SPECIES);
      for (int at = 0; at < rows * Double.BYTES; at += STEP) {
        sum = sum.add(fromMemorySegment(SPECIES, ALL, row + at, ORDER));
      }
      sum.intoArray(lanes, j * LANES);
    }
  }

  /** Adds the first sums of the lanes to those of neighbouring parameters. */
  private void drain(double[] sums, int term, int count) {
    for (int i = 0; i < count; i++) {
      sums[term + i] += DoublePanels.total(lanes, i * LANES);
    }
  }
}
