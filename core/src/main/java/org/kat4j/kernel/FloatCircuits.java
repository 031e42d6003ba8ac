package org.kat4j.kernel;

import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.kat4j.kernel.FloatPanels.LANES;
import static org.kat4j.kernel.FloatPanels.ORDER;
import static org.kat4j.kernel.FloatPanels.SPECIES;
import static org.kat4j.kernel.FloatPanels.STEP;
import static org.kat4j.kernel.NativeMemory.ALL;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/**
 * {@link EdgeFunction.Circuit} in float32.
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
final class FloatCircuits implements EdgePanels {
  private static final long PANEL = (long) ROWS * Float.BYTES;

  /** Where |a| - |b| has no slope any more. */
  private static final float SMALLEST = 1e-12f;

  private final EdgeFunction.Circuit circuit;
  private final long parameters;
  private final long result; // <Z>, then what is read off
  private final long slope; // of what is read off in <Z>
  private final long p; // three panels
  private final long uploads; // cos, sin, s: five panels for each upload
  private final float[] lanes = new float[9 * LANES];

  FloatCircuits(EdgeFunction.Circuit circuit, long parameters) {
    this.circuit = circuit;
    this.parameters = parameters;
    result = Scratch.ofThread().address(Scratch.Use.PANELS, (5 + 5L * circuit.uploads()) * PANEL);
    slope = result + PANEL;
    p = slope + PANEL;
    uploads = p + 3 * PANEL;
  }

  private float parameter(long edge, int term) {
    return ALL.get(
        ValueLayout.JAVA_FLOAT, parameters + (edge * circuit.terms() + term) * Float.BYTES);
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
    float w = parameter(edge, circuit.weight());
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector sum = fromMemorySegment(SPECIES, ALL, y + at, ORDER);
      fromMemorySegment(SPECIES, ALL, result + at, ORDER)
          .fma(broadcast(SPECIES, w), sum)
          .intoMemorySegment(ALL, y + at, ORDER);
    }
  }

  /** States after each upload, and the result. */
  private void run(long edge, long x, int rows) {
    for (int upload = 0; upload < circuit.uploads(); upload++) {
      angles(edge, upload, x, rows);
      FloatPanels.sinCos(sin(upload), sin(upload), cos(upload), rows);
      if (upload == 0) {
        start(edge, rows);
      } else {
        turn(edge, upload, rows);
      }
    }
    measure(edge, rows);
  }

  private void angles(long edge, int upload, long x, int rows) {
    float weight = parameter(edge, circuit.uploadWeight(upload));
    float bias = parameter(edge, circuit.uploadBias(upload));
    long angle = sin(upload);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      fromMemorySegment(SPECIES, ALL, x + at, ORDER)
          .fma(broadcast(SPECIES, weight), broadcast(SPECIES, bias))
          .intoMemorySegment(ALL, angle + at, ORDER);
    }
  }

  private void start(long edge, int rows) {
    float v0 = parameter(edge, circuit.start());
    float v1 = parameter(edge, circuit.start() + 1);
    float v2 = parameter(edge, circuit.start() + 2);
    long after = state(0);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector c = fromMemorySegment(SPECIES, ALL, cos(0) + at, ORDER);
      FloatVector s = fromMemorySegment(SPECIES, ALL, sin(0) + at, ORDER);
      FloatVector first = c.mul(v0).sub(s.mul(v1));
      FloatVector second = s.mul(v0).add(c.mul(v1));
      first.intoMemorySegment(ALL, after + at, ORDER);
      second.intoMemorySegment(ALL, after + PANEL + at, ORDER);
      broadcast(SPECIES, v2).intoMemorySegment(ALL, after + 2 * PANEL + at, ORDER);
    }
  }

  private void turn(long edge, int upload, int rows) {
    int m = circuit.matrix(upload);
    float m00 = parameter(edge, m);
    float m01 = parameter(edge, m + 1);
    float m02 = parameter(edge, m + 2);
    float m10 = parameter(edge, m + 3);
    float m11 = parameter(edge, m + 4);
    float m12 = parameter(edge, m + 5);
    float m20 = parameter(edge, m + 6);
    float m21 = parameter(edge, m + 7);
    float m22 = parameter(edge, m + 8);
    long before = state(upload - 1);
    long after = state(upload);
    long cosines = cos(upload);
    long sines = sin(upload);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector s0 = fromMemorySegment(SPECIES, ALL, before + at, ORDER);
      FloatVector s1 = fromMemorySegment(SPECIES, ALL, before + PANEL + at, ORDER);
      FloatVector s2 = fromMemorySegment(SPECIES, ALL, before + 2 * PANEL + at, ORDER);
      FloatVector v0 = s0.mul(m00);
      v0 = s1.fma(broadcast(SPECIES, m01), v0);
      v0 = s2.fma(broadcast(SPECIES, m02), v0);
      FloatVector v1 = s0.mul(m10);
      v1 = s1.fma(broadcast(SPECIES, m11), v1);
      v1 = s2.fma(broadcast(SPECIES, m12), v1);
      FloatVector v2 = s0.mul(m20);
      v2 = s1.fma(broadcast(SPECIES, m21), v2);
      v2 = s2.fma(broadcast(SPECIES, m22), v2);
      FloatVector c = fromMemorySegment(SPECIES, ALL, cosines + at, ORDER);
      FloatVector s = fromMemorySegment(SPECIES, ALL, sines + at, ORDER);
      c.mul(v0).sub(s.mul(v1)).intoMemorySegment(ALL, after + at, ORDER);
      s.mul(v0).add(c.mul(v1)).intoMemorySegment(ALL, after + PANEL + at, ORDER);
      v2.intoMemorySegment(ALL, after + 2 * PANEL + at, ORDER);
    }
  }

  private void measure(long edge, int rows) {
    int m = circuit.measured();
    float m0 = parameter(edge, m);
    float m1 = parameter(edge, m + 1);
    float m2 = parameter(edge, m + 2);
    long last = state(circuit.uploads() - 1);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector z = fromMemorySegment(SPECIES, ALL, last + at, ORDER).mul(m0);
      z = fromMemorySegment(SPECIES, ALL, last + PANEL + at, ORDER).fma(broadcast(SPECIES, m1), z);
      fromMemorySegment(SPECIES, ALL, last + 2 * PANEL + at, ORDER)
          .fma(broadcast(SPECIES, m2), z)
          .intoMemorySegment(ALL, result + at, ORDER);
    }
  }

  /** |a| - |b| = sqrt((1 + z) / 2) - sqrt((1 - z) / 2). */
  private void difference(int rows) {
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector z = fromMemorySegment(SPECIES, ALL, result + at, ORDER);
      FloatVector a = z.add(1);
      FloatVector b = z.neg().add(1);
      a = a.blend(SMALLEST, a.compare(LT, SMALLEST)).mul(0.5f).sqrt();
      b = b.blend(SMALLEST, b.compare(LT, SMALLEST)).mul(0.5f).sqrt();
      a.sub(b).intoMemorySegment(ALL, result + at, ORDER);
    }
  }

  /** Its slope, 1 / (4 |a|) + 1 / (4 |b|); of z itself 1. */
  private void slopes(int rows) {
    if (!circuit.moduli()) {
      for (int at = 0; at < rows * Float.BYTES; at += STEP) {
        broadcast(SPECIES, 1f).intoMemorySegment(ALL, slope + at, ORDER);
      }
      return;
    }
    FloatVector zero = FloatVector.zero(SPECIES);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector z = fromMemorySegment(SPECIES, ALL, result + at, ORDER);
      FloatVector a = z.add(1);
      FloatVector b = z.neg().add(1);
      FloatVector ofA = broadcast(SPECIES, 0.25f).div(a.mul(0.5f).sqrt());
      FloatVector ofB = broadcast(SPECIES, 0.25f).div(b.mul(0.5f).sqrt());
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
    sums[circuit.weight()] += FloatPanels.total(lanes, 3 * LANES);
    for (int upload = circuit.uploads() - 1; upload >= 0; upload--) {
      unload(edge, upload, x, dx, rows);
      sums[circuit.uploadWeight(upload)] += FloatPanels.total(lanes, 0);
      sums[circuit.uploadBias(upload)] += FloatPanels.total(lanes, LANES);
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
    float w = parameter(edge, circuit.weight());
    float m0 = parameter(edge, m);
    float m1 = parameter(edge, m + 1);
    float m2 = parameter(edge, m + 2);
    long last = state(circuit.uploads() - 1);
    FloatVector sum0 = FloatVector.zero(SPECIES);
    FloatVector sum1 = FloatVector.zero(SPECIES);
    FloatVector sum2 = FloatVector.zero(SPECIES);
    FloatVector ofW = FloatVector.zero(SPECIES);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector g = fromMemorySegment(SPECIES, ALL, upstream + at, ORDER);
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
    float weight = parameter(edge, circuit.uploadWeight(upload));
    long after = state(upload);
    long cosines = cos(upload);
    long sines = sin(upload);
    FloatVector ofWeight = FloatVector.zero(SPECIES);
    FloatVector ofBias = FloatVector.zero(SPECIES);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector p0 = fromMemorySegment(SPECIES, ALL, p + at, ORDER);
      FloatVector p1 = fromMemorySegment(SPECIES, ALL, p + PANEL + at, ORDER);
      FloatVector s0 = fromMemorySegment(SPECIES, ALL, after + at, ORDER);
      FloatVector s1 = fromMemorySegment(SPECIES, ALL, after + PANEL + at, ORDER);
      FloatVector angle = p1.mul(s0).sub(p0.mul(s1));
      ofBias = ofBias.add(angle);
      ofWeight = fromMemorySegment(SPECIES, ALL, x + at, ORDER).fma(angle, ofWeight);
      angle
          .fma(broadcast(SPECIES, weight), fromMemorySegment(SPECIES, ALL, dx + at, ORDER))
          .intoMemorySegment(ALL, dx + at, ORDER);
      FloatVector c = fromMemorySegment(SPECIES, ALL, cosines + at, ORDER);
      FloatVector s = fromMemorySegment(SPECIES, ALL, sines + at, ORDER);
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
      FloatVector sum0 = FloatVector.zero(SPECIES);
      FloatVector sum1 = FloatVector.zero(SPECIES);
      FloatVector sum2 = FloatVector.zero(SPECIES);
      for (int at = 0; at < rows * Float.BYTES; at += STEP) {
        FloatVector pj = fromMemorySegment(SPECIES, ALL, row + at, ORDER);
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
    float m00 = parameter(edge, m);
    float m01 = parameter(edge, m + 1);
    float m02 = parameter(edge, m + 2);
    float m10 = parameter(edge, m + 3);
    float m11 = parameter(edge, m + 4);
    float m12 = parameter(edge, m + 5);
    float m20 = parameter(edge, m + 6);
    float m21 = parameter(edge, m + 7);
    float m22 = parameter(edge, m + 8);
    for (int at = 0; at < rows * Float.BYTES; at += STEP) {
      FloatVector p0 = fromMemorySegment(SPECIES, ALL, p + at, ORDER);
      FloatVector p1 = fromMemorySegment(SPECIES, ALL, p + PANEL + at, ORDER);
      FloatVector p2 = fromMemorySegment(SPECIES, ALL, p + 2 * PANEL + at, ORDER);
      FloatVector v0 = p0.mul(m00);
      v0 = p1.fma(broadcast(SPECIES, m10), v0);
      v0 = p2.fma(broadcast(SPECIES, m20), v0);
      FloatVector v1 = p0.mul(m01);
      v1 = p1.fma(broadcast(SPECIES, m11), v1);
      v1 = p2.fma(broadcast(SPECIES, m21), v1);
      FloatVector v2 = p0.mul(m02);
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
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int at = 0; at < rows * Float.BYTES; at += STEP) {
        sum = sum.add(fromMemorySegment(SPECIES, ALL, row + at, ORDER));
      }
      sum.intoArray(lanes, j * LANES);
    }
  }

  /** Adds the first sums of the lanes to those of neighbouring parameters. */
  private void drain(double[] sums, int term, int count) {
    for (int i = 0; i < count; i++) {
      sums[term + i] += FloatPanels.total(lanes, i * LANES);
    }
  }
}
