package org.kat4j.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Mixers that know the grid of their tokens: the checks of sheet 32. */
class GridMixersTest {
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static Context on(int height, int width) {
    return Context.cpu(4)
        .withDType(DType.FLOAT64)
        .at(new Layout.Grid(List.of(height, width), 0, false));
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, 1);
  }

  private static TokenMixer pooling(int height, int width) {
    return Pooling.Spec.example().build(1, on(height, width));
  }

  private static double largest(Tensor tensor) {
    return tensor.abs().max().item_double();
  }

  @Test
  void poolingIsTheMeanOfNeighboursLessTheToken() {
    Tensor map = Memory.doubles(new double[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, 1, 9, 1);
    Tensor mixed = pooling(3, 3).forward(map, Pass.evaluation());
    assertThat(Memory.doubles(mixed)).containsExactly(2, 1.5, 1, .5, 0, -.5, -1, -1.5, -2);
  }

  /** Cells beyond the edge do not count; neighbours of 1 cell are the cell itself. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 7, 9})
  void poolingOfAConstantMapIsNothing(int size) {
    Tensor map = torch.ones(new long[] {2, 20, 3}, new TensorOptions(ScalarType.Double));
    Tensor mixed =
        new Pooling.Spec(size)
            .build(3, on(4, 5))
            .forward(map.mul(new Scalar(7)), Pass.evaluation());
    assertThat(largest(mixed)).isZero();
  }

  /** What it does to each cell of a 4 x 4 map alone makes its matrix. */
  @Test
  void poolingIsLinearWithEigenvaluesBelowZero() {
    TokenMixer mixer = pooling(4, 4);
    Tensor units = torch.eye(16, new TensorOptions(ScalarType.Double)).view(16, 16, 1);
    Tensor matrix = mixer.forward(units, Pass.evaluation()).view(16, 16); // row: its unit's image
    Tensor x = normal(1, 1, 16, 1);
    Tensor expected = x.view(1, 16).mm(matrix);
    Tensor mixed = mixer.forward(x, Pass.evaluation()).view(1, 16);
    assertThat(largest(mixed.sub(expected))).isLessThan(1e-14);

    Tensor eigenvalues = torch.view_as_real(torch.linalg_eigvals(matrix)); // [16, 2]
    double[] real = Memory.doubles(eigenvalues.select(1, 0).contiguous());
    assertThat(largest(eigenvalues.select(1, 1))).isLessThan(1e-7); // a triple one splits so far
    assertThat(Arrays.stream(real).boxed())
        .allMatch(value -> value > -1.23 && value < 1e-12)
        .anyMatch(value -> value < -1.22);
  }

  @Test
  void rowsOfRandomMixingSumToOne() {
    TokenMixer mixer = RandomMixer.Spec.example().build(3, on(3, 4));
    Tensor matrix = Objects.requireNonNull(StateDict.of(mixer).get("random_matrix"));
    assertThat(matrix.shape()).containsExactly(12, 12);
    assertThat(StateDict.trained(mixer)).isEmpty();
    assertThat(largest(matrix.sum(1).sub(new Scalar(1)))).isLessThan(1e-15);
    for (int row = 0; row < 12; row++) { // softmax of numbers that differ by less than 1
      double[] weights = Memory.doubles(matrix.select(0, row).contiguous());
      Arrays.sort(weights);
      assertThat(weights[11] / weights[0]).isBetween(1.2, Math.E);
    }
  }

  /** A kernel with 1 in its middle passes on what it gets, shifted where the 1 stands elsewhere. */
  @Test
  void depthwiseConvolutionsSeeTheGrid() {
    TokenMixer mixer = new Depthwise.Spec(3, false).build(2, on(2, 3));
    Tensor weight = Objects.requireNonNull(StateDict.of(mixer).get("weight")); // [2, 1, 3, 3]
    double[] kernels = new double[18];
    kernels[4] = 1;
    kernels[9 + 5] = 10; // the cell to the right
    Context.assign(weight, kernels);
    Tensor x = Memory.doubles(new double[] {1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6}, 1, 6, 2);
    assertThat(Memory.doubles(mixer.forward(x, Pass.evaluation())))
        .containsExactly(1, 20, 2, 30, 3, 0, 4, 50, 5, 60, 6, 0);
  }

  static List<TokenMixer.Spec> onAPlane() {
    return List.of(
        Pooling.Spec.example(), Depthwise.Spec.example(), SeparableConvolution.Spec.example());
  }

  static List<TokenMixer.Spec> onAGrid() {
    return Stream.concat(
            onAPlane().stream(), Stream.of(RandomMixer.Spec.example(), LinearMixer.Spec.example()))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("onAGrid")
  void aLineOfTokensIsRefused(TokenMixer.Spec spec) {
    Context line = Context.cpu(1).at(new Layout.Line(16, true, false));
    assertThatThrownBy(() -> spec.build(8, line))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs a grid of tokens; here is a line of tokens");
  }

  @ParameterizedTest
  @MethodSource("onAPlane")
  void aClassTokenIsRefused(TokenMixer.Spec spec) {
    Context grid = Context.cpu(1).at(new Layout.Grid(List.of(4, 4), 1, false));
    assertThatThrownBy(() -> spec.build(8, grid))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("classToken = false");
  }

  @Test
  void windowsHaveAMiddle() {
    assertThatThrownBy(() -> new Pooling.Spec(2)).hasMessageContaining("size = 2: an odd number");
    assertThatThrownBy(() -> new Depthwise.Spec(33, true)).hasMessageContaining("kernel = 33");
  }

  @Test
  void countsOfASeparableConvolution() {
    // [tokens, 8] x [8, 16], 16 channels x 7 x 7, [tokens, 16] x [16, 8].
    long macs = SeparableConvolution.Spec.example().macs(10, 8);
    assertThat(macs).isEqualTo(10 * (8 * 16 + 16 * 49 + 16 * 8));
  }
}
