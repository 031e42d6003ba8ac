package org.kat4j.bench;

import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.kan.BSplines;
import org.kat4j.function.kan.RadialBasis;
import org.kat4j.kernel.BasisKernel;
import org.kat4j.kernel.Bump;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;

/** Functions whose kernel is checked: by the kernel of a tensor, and composed. */
sealed interface BasisFunctions {
  Optional<BasisKernel> kernel(Tensor x, Device gpu, DType real);

  Tensor composed(Tensor x, DType real);

  long[] sizes();

  /** Inputs that are wanted among the others. */
  double[] places();

  /** Normal numbers up to twice the grid's ends; among them all knots, and what lies outside. */
  default Tensor inputs() {
    long[] sizes = sizes();
    int count = Math.toIntExact(Arrays.stream(sizes).reduce(1, Math::multiplyExact));
    int in = (int) sizes[sizes.length - 1];
    double[] places = places();
    RandomGenerator random = new SplittableRandom(1);
    double[] x = new double[count];
    for (int e = 0; e < count; e++) {
      int row = e / in;
      x[e] =
          switch (row % 4) {
            case 1 -> places[(row + e) % places.length];
            case 3 -> 2 * random.nextGaussian();
            default -> random.nextGaussian();
          };
    }
    if (count > 2) {
      x[1] = 6;
      x[2] = -6;
    }
    return Memory.doubles(x, sizes);
  }

  /** Standard normal numbers, the same for the same seed. */
  static Tensor normal(long seed, long... sizes) {
    int count = Math.toIntExact(Arrays.stream(sizes).reduce(1, Math::multiplyExact));
    RandomGenerator random = new SplittableRandom(seed);
    double[] numbers = new double[count];
    Arrays.setAll(numbers, _ -> random.nextGaussian());
    return Memory.doubles(numbers, sizes);
  }

  /** Splines on three kinds of knots, which the inputs take in turns: even, uneven, repeated. */
  record Splines(int gridSize, int order, boolean silu, long... sizes) implements BasisFunctions {
    private Tensor grid(DType real) {
      int in = (int) sizes[sizes.length - 1];
      int knots = gridSize + 2 * order + 1;
      double[] grid = new double[in * knots];
      for (int i = 0; i < in; i++) {
        for (int j = 0; j < knots; j++) {
          double t = knot(i % 3 == 2 && j >= knots / 2 ? j - 1 : j);
          grid[i * knots + j] = i % 3 == 1 ? t + 0.1 * t * t * t : t;
        }
      }
      return Memory.to(Memory.doubles(grid, in, knots), real);
    }

    private double knot(int j) {
      return -1 + (j - order) * 2.0 / gridSize;
    }

    @Override
    public double[] places() {
      double[] knots = new double[gridSize + 2 * order + 1];
      Arrays.setAll(knots, this::knot);
      return knots;
    }

    @Override
    public Optional<BasisKernel> kernel(Tensor x, Device gpu, DType real) {
      return Kernels.splines(x, Memory.to(grid(real), gpu), order, silu);
    }

    @Override
    public Tensor composed(Tensor x, DType real) {
      return BSplines.basis(x, Memory.to(grid(real), DType.FLOAT64), order);
    }

    @Override
    public String toString() {
      return "splines of order %d, %d intervals%s, %s"
          .formatted(order, gridSize, silu ? ", silu" : "", Arrays.toString(sizes));
    }
  }

  /** Bumps of the distance of their centres. */
  record Bumps(int count, Bump form, long... sizes) implements BasisFunctions {
    @Override
    public double[] places() {
      double[] centres = new double[count];
      Arrays.setAll(centres, j -> -2 + 4.0 * j / Math.max(1, count - 1));
      return centres;
    }

    private Tensor centres(DType real) {
      return Memory.to(Memory.doubles(places(), count), real);
    }

    private double width() {
      return 4.0 / Math.max(1, count - 1);
    }

    @Override
    public Optional<BasisKernel> kernel(Tensor x, Device gpu, DType real) {
      return Kernels.bumps(x, Memory.to(centres(real), gpu), width(), form);
    }

    @Override
    public Tensor composed(Tensor x, DType real) {
      return RadialBasis.bumps(x, Memory.to(centres(real), DType.FLOAT64), width(), form);
    }

    @Override
    public String toString() {
      return "%d bumps, %s, %s".formatted(count, form, Arrays.toString(sizes));
    }
  }
}
