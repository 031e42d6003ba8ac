package org.kat4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kat4j.kernel.Rationals.elements;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sums over many elements: the same bits on every run, and little error; second derivatives. */
class RationalSumsTest {
  private PointerScope scope;

  @BeforeEach
  void open() {
    scope = new PointerScope();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static Rationals.Case swish(int rows, int seed, ScalarType type) {
    Rationals.Case drawn =
        Rationals.random(seed, new GroupLayout(rows, 1, 96), new long[] {rows, 96}, 5, 4, false);
    return new Rationals.Case(
            drawn.x(),
            drawn.upstream(),
            Rationals.tensor(Rationals.SWISH_NUMERATOR, 1, 6),
            Rationals.tensor(Rationals.SWISH_DENOMINATOR, 1, 4),
            drawn.layout())
        .to(type);
  }

  @Test
  void sameBitsOnEveryRunAndForAnyNumberOfThreads() {
    Rationals.Case drawn = swish(3000, 0, ScalarType.Float);
    RationalKernel kernel = new VectorRational();
    RationalKernel.Gradients first = drawn.backward(kernel);
    int threads = torch.get_num_threads();
    try {
      for (int count : new int[] {threads, 1, 2, 3}) {
        torch.set_num_threads(count);
        RationalKernel.Gradients again = drawn.backward(kernel);
        assertThat(elements(again.x())).isEqualTo(elements(first.x()));
        assertThat(elements(again.numerator())).isEqualTo(elements(first.numerator()));
        assertThat(elements(again.denominator())).isEqualTo(elements(first.denominator()));
      }
    } finally {
      torch.set_num_threads(threads);
    }
  }

  /**
   * Blocks of 64 rows summed as a tree err by 1.1e-3 and 1.8e-3 on average here, one running sum
   * (the order of atomic adds) by 4e-2 and 8e-2.
   */
  @Test
  void errorOfSumsIsThatOfBlockSums() {
    double numerator = 0;
    double denominator = 0;
    int draws = 4;
    for (int seed = 0; seed < draws; seed++) {
      Rationals.Case drawn = swish(16_384, seed, ScalarType.Float);
      RationalKernel.Gradients found = drawn.backward(new VectorRational());
      RationalKernel.Gradients exact = drawn.to(ScalarType.Double).backward(new VectorRational());
      numerator += meanError(found.numerator(), exact.numerator()) / draws;
      denominator += meanError(found.denominator(), exact.denominator()) / draws;
    }
    assertThat(numerator).isLessThan(1.10e-3);
    assertThat(denominator).isLessThan(1.77e-3);
  }

  private static double meanError(Tensor found, Tensor exact) {
    return found.to(ScalarType.Double).sub(exact).abs().mean().item_double();
  }

  @Test
  void composedTwinHasSecondDerivatives() {
    Rationals.Case drawn =
        Rationals.random(2, new GroupLayout(3, 2, 4), new long[] {3, 8}, 5, 4, false);
    Tensor x = drawn.x().add(drawn.upstream()).detach().set_requires_grad(true);
    Tensor y =
        new ComposedRational().forward(x, drawn.numerator(), drawn.denominator(), drawn.layout());
    Tensor slope = gradient(y, x, true);
    Tensor curvature = gradient(slope, x, false);
    double step = 1e-5;
    Tensor above = slopeAt(drawn, x.detach().add(new Scalar(step)));
    Tensor below = slopeAt(drawn, x.detach().sub(new Scalar(step)));
    Tensor expected = above.sub(below).div(new Scalar(2 * step));
    assertThat(Rationals.distance(curvature, expected)).isLessThan(1e-6);
  }

  private static Tensor slopeAt(Rationals.Case drawn, Tensor x) {
    return new VectorRational()
        .backward(torch.ones_like(x), x, drawn.numerator(), drawn.denominator(), drawn.layout())
        .x();
  }

  private static Tensor gradient(Tensor result, Tensor at, boolean again) {
    return torch
        .grad(
            new TensorVector(result),
            new TensorVector(at),
            new TensorVector(torch.ones_like(result)),
            new BoolOptional(again),
            again,
            false)
        .get(0);
  }

  @Test
  void bfloat16RoundsAsLibtorchDoes() {
    float[] special = {
      0f,
      -0f,
      1f,
      -1.5f,
      1 + 1 / 256f,
      1 + 3 / 256f,
      Float.intBitsToFloat(0x7f7f8000),
      Float.MAX_VALUE,
      Float.MIN_VALUE,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN,
      Float.intBitsToFloat(0x7fffffff),
      Float.intBitsToFloat(0xffffffff),
      0.125f,
      65504f,
      -7.75f
    };
    Tensor exact = Tensor.create(special);
    Tensor rounded = exact.to(ScalarType.BFloat16);
    Tensor vector = torch.empty_like(rounded);
    Tensor scalar = torch.empty_like(rounded);
    long from = NativeMemory.address(exact);
    BFloat16Vectors.narrow(from, NativeMemory.address(vector), special.length);
    BFloat16.narrow(from, NativeMemory.address(scalar), special.length);
    assertThat(elements(vector)).isEqualTo(elements(rounded));
    assertThat(elements(scalar)).isEqualTo(elements(rounded));
    Tensor wide = torch.empty_like(exact);
    BFloat16Vectors.widen(
        NativeMemory.address(rounded), NativeMemory.address(wide), special.length);
    assertThat(elements(wide)).isEqualTo(elements(rounded));
  }
}
