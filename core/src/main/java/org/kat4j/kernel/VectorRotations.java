package org.kat4j.kernel;

import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.function.LongConsumer;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.torch.Parallel;

/**
 * {@link PlaneRotations} with the JDK's vector instructions: lanes are columns, which do not see
 * each other, so that a panel of few columns stays in the first-level cache.
 *
 * <p>In float64 whatever the angles are in: turning back would add up the rounding of float32.
 * Loaded only where the module jdk.incubator.vector is present; see {@link Kernels}.
 */
final class VectorRotations implements RotationKernel {
  private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();

  /** Columns of a panel. */
  private static final int PANEL = 2 * LANES;

  private final PlaneRotations all;
  private final int[] first; // of all stages, one after the other; where the rows begin in a panel
  private final int[] second;
  private final int[] angle;

  VectorRotations(PlaneRotations all) {
    this.all = all;
    int length = all.length();
    first = new int[length];
    second = new int[length];
    angle = new int[length];
    int at = 0;
    for (PlaneRotations.Stage stage : all.stages()) {
      for (int i = 0; i < stage.length(); i++, at++) {
        first[at] = stage.first()[i] * PANEL;
        second[at] = stage.second()[i] * PANEL;
        angle[at] = stage.angle()[i];
      }
    }
  }

  @Override
  public Tensor forward(Tensor angles) {
    long samples = samples(angles);
    long squares = (long) all.tokens() * all.tokens();
    TensorOptions wide = new TensorOptions(ScalarType.Double);
    try (Tensor exact = angles.to(ScalarType.Double).contiguous();
        Tensor result = torch.zeros(new long[] {samples, all.tokens(), all.tokens()}, wide)) {
      long from = NativeMemory.address(exact);
      long to = NativeMemory.address(result);
      eachSample(
          samples,
          sample -> {
            var run = new Run(from + sample * all.angles() * Double.BYTES);
            double[] sums = new double[(int) squares];
            for (int column = 0; column < all.columns(); column += PANEL) {
              run.turn(column);
              run.square(column, sums);
            }
            write(to + sample * squares * Double.BYTES, sums);
          });
      Reference.reachabilityFence(exact);
      return fresh(result, angles);
    }
  }

  @Override
  public Tensor backward(Tensor upstream, Tensor angles) {
    long samples = samples(angles);
    long squares = (long) all.tokens() * all.tokens();
    TensorOptions wide = new TensorOptions(ScalarType.Double);
    try (Tensor exact = angles.to(ScalarType.Double).contiguous();
        Tensor above = upstream.to(ScalarType.Double).contiguous();
        Tensor result = torch.zeros(new long[] {samples, all.angles()}, wide)) {
      long from = NativeMemory.address(exact);
      long given = NativeMemory.address(above);
      long to = NativeMemory.address(result);
      eachSample(
          samples,
          sample -> {
            var run = new Run(from + sample * all.angles() * Double.BYTES);
            double[] ofSquares = read(given + sample * squares * Double.BYTES, (int) squares);
            double[] ofAngles = new double[all.angles()];
            for (int column = 0; column < all.columns(); column += PANEL) {
              run.turn(column);
              run.unsquare(column, ofSquares);
              run.turnBack(ofAngles);
            }
            write(to + sample * all.angles() * Double.BYTES, ofAngles);
          });
      Reference.reachabilityFence(exact);
      Reference.reachabilityFence(above);
      return fresh(result, angles);
    }
  }

  private long samples(Tensor angles) {
    if (angles.dim() != 2 || angles.size(1) != all.angles()) {
      throw new IllegalArgumentException(
          "angles %s: [samples, %d] is needed"
              .formatted(Arrays.toString(angles.shape()), all.angles()));
    }
    return angles.size(0);
  }

  private static Tensor fresh(Tensor exact, Tensor like) {
    return ElementKind.of(like) == ElementKind.FLOAT64
        ? exact.clone()
        : exact.to(like.scalar_type());
  }

  private static void eachSample(long samples, LongConsumer body) {
    Parallel.forRange(Math.toIntExact(samples), body::accept);
  }

  private static double[] read(long address, int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = NativeMemory.ALL.get(ValueLayout.JAVA_DOUBLE, address + (long) i * Double.BYTES);
    }
    return values;
  }

  private static void write(long address, double[] values) {
    for (int i = 0; i < values.length; i++) {
      NativeMemory.ALL.set(ValueLayout.JAVA_DOUBLE, address + (long) i * Double.BYTES, values[i]);
    }
  }

  /** One sample. */
  private final class Run {
    final double[] cosines;
    final double[] sines;
    final double[] state = new double[all.rows() * PANEL];
    final double[] gradient = new double[all.rows() * PANEL];
    final double[] lanes = new double[LANES];

    Run(long angles) {
      cosines = read(angles, all.angles());
      sines = new double[cosines.length];
      for (int i = 0; i < sines.length; i++) {
        sines[i] = Math.sin(cosines[i]);
        cosines[i] = Math.cos(cosines[i]);
      }
    }

    /** The panel of the identity that begins at a column, turned. */
    void turn(int column) {
      Arrays.fill(state, 0);
      for (int c = 0; c < PANEL && column + c < all.columns(); c++) {
        state[(column + c) * PANEL + c] = 1;
      }
      for (int i = 0; i < first.length; i++) {
        double cosine = cosines[angle[i]];
        double sine = sines[angle[i]];
        rotate(state, first[i], second[i], cosine, sine);
        rotate(state, first[i] + LANES, second[i] + LANES, cosine, sine);
      }
    }

    private static void rotate(double[] rows, int first, int second, double cosine, double sine) {
      DoubleVector x = DoubleVector.fromArray(SPECIES, rows, first);
      DoubleVector y = DoubleVector.fromArray(SPECIES, rows, second);
      x.mul(cosine).sub(y.mul(sine)).intoArray(rows, first);
      x.mul(sine).add(y.mul(cosine)).intoArray(rows, second);
    }

    /** Adds the panel's squares to those of the tokens. */
    void square(int column, double[] sums) {
      for (int row = 0; row < all.rows(); row++) {
        int token = row % all.tokens() * all.tokens();
        for (int c = 0; c < PANEL && column + c < all.columns(); c++) {
          double x = state[row * PANEL + c];
          sums[token + (column + c) % all.tokens()] += x * x / all.copies();
        }
      }
    }

    /** The gradient of the panel. */
    void unsquare(int column, double[] ofSquares) {
      Arrays.fill(gradient, 0);
      for (int row = 0; row < all.rows(); row++) {
        int token = row % all.tokens() * all.tokens();
        for (int c = 0; c < PANEL && column + c < all.columns(); c++) {
          double ofSquare = ofSquares[token + (column + c) % all.tokens()];
          gradient[row * PANEL + c] = 2 * state[row * PANEL + c] * ofSquare / all.copies();
        }
      }
    }

    /** From the last rotation to the first: d angle = g_y x - g_x y after it, then both undone. */
    void turnBack(double[] ofAngles) {
      for (int i = first.length - 1; i >= 0; i--) {
        double cosine = cosines[angle[i]];
        double sine = sines[angle[i]];
        DoubleVector sum =
            ofAngle(first[i], second[i]).add(ofAngle(first[i] + LANES, second[i] + LANES));
        sum.intoArray(lanes, 0);
        double total = 0;
        for (double lane : lanes) {
          total += lane;
        }
        ofAngles[angle[i]] += total;
        for (int half = 0; half < PANEL; half += LANES) {
          rotate(state, first[i] + half, second[i] + half, cosine, -sine);
          rotate(gradient, first[i] + half, second[i] + half, cosine, -sine);
        }
      }
    }

    private DoubleVector ofAngle(int first, int second) {
      DoubleVector x = DoubleVector.fromArray(SPECIES, state, first);
      DoubleVector y = DoubleVector.fromArray(SPECIES, state, second);
      return DoubleVector.fromArray(SPECIES, gradient, second)
          .mul(x)
          .sub(DoubleVector.fromArray(SPECIES, gradient, first).mul(y));
    }
  }
}
