package org.kat4j.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.kernel.PlaneRotations;
import org.kat4j.kernel.PlaneRotations.Stage;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;

/** The kernel of rotations and its composed twin, around the lanes of vectors. */
class RotationSquaresTest {
  private static Tensor normal(long seed, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, 1);
  }

  /** Neighbours, then the first half against the second; some angles are shared. */
  private static PlaneRotations some(int rows, int columns, int tokens) {
    int[] even = IntStream.range(0, rows / 2).map(i -> 2 * i).toArray();
    int[] odd = IntStream.of(even).map(i -> i + 1).toArray();
    int[] lower = IntStream.range(0, rows / 2).toArray();
    int[] upper = IntStream.range(rows / 2, rows).toArray();
    int[] own = IntStream.range(0, rows / 2).toArray();
    int[] shared = new int[rows / 2];
    var stages =
        List.of(
            new Stage(even, odd, own),
            new Stage(upper, lower, shared),
            new Stage(new int[] {rows - 1}, new int[] {0}, new int[] {1}),
            new Stage(lower, upper, own));
    return new PlaneRotations(rows, columns, tokens, rows / 2 + 1, stages);
  }

  @ParameterizedTest
  @CsvSource({"4, 4, 2", "6, 6, 6", "8, 4, 4", "32, 16, 8", "64, 32, 8", "34, 17, 17", "40, 20, 5"})
  void theKernelAndItsTwinAgree(int rows, int columns, int tokens) {
    PlaneRotations rotations = some(rows, columns, tokens);
    for (DType dtype : List.of(DType.FLOAT64, DType.FLOAT32)) {
      try (Scope _ = Scope.open()) {
        Tensor values = normal(1, 3, rotations.angles());
        Tensor fused = Backpropagation.leaf(values, dtype);
        Tensor composed = Backpropagation.leaf(values, dtype);
        Tensor upstream = normal(2, 3, tokens, tokens);
        Tensor a = RotationSquares.of(rotations, fused, true);
        Tensor b = RotationSquares.composed(rotations, composed);
        double unit = dtype == DType.FLOAT64 ? 0x1p-53 : 0x1p-24;
        same(a, b, 100 * unit);
        Backpropagation.run(a, upstream);
        Backpropagation.run(b, upstream);
        // An angle's gradient sums up to rows * columns products of about 1.
        same(fused.grad(), composed.grad(), 100 * Math.sqrt(rows * columns) * unit);
        assertThat(fused.grad().select(1, rows / 2).abs().max().item_double())
            .as("an angle that nothing turns by")
            .isZero();
      }
    }
  }

  private static void same(Tensor a, Tensor b, double tolerance) {
    assertThat(a.shape()).isEqualTo(b.shape());
    Tensor difference = a.to(ScalarType.Double).sub(b.to(ScalarType.Double));
    assertThat(difference.abs().max().item_double()).isLessThan(tolerance);
  }

  @ParameterizedTest
  @CsvSource({"8, 4, 4", "12, 6, 3"})
  void gradientsAreThoseOfFiniteDifferences(int rows, int columns, int tokens) {
    PlaneRotations rotations = some(rows, columns, tokens);
    try (Scope _ = Scope.open()) {
      Tensor values = normal(1, 2, rotations.angles());
      Tensor upstream = normal(2, 2, tokens, tokens);
      Tensor leaf = Backpropagation.leaf(values, DType.FLOAT64);
      Backpropagation.run(RotationSquares.of(rotations, leaf, true), upstream);
      double[] gradient = Memory.doubles(leaf.grad());
      double step = 1e-5; // step^2 and 1e-16 / step of a number of about 1
      for (int i = 0; i < gradient.length; i++) {
        Tensor entry = values.view(-1).narrow(0, i, 1);
        double start = entry.item_double();
        entry.fill_(new Scalar(start + step));
        double above = loss(rotations, values, upstream);
        entry.fill_(new Scalar(start - step));
        double below = loss(rotations, values, upstream);
        entry.fill_(new Scalar(start));
        assertThat(gradient[i]).isCloseTo((above - below) / (2 * step), within(1e-8));
      }
    }
  }

  private static double loss(PlaneRotations rotations, Tensor angles, Tensor upstream) {
    return RotationSquares.of(rotations, angles, true).mul(upstream).sum().item_double();
  }
}
