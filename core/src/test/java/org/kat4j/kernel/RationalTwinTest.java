package org.kat4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kat4j.kernel.Rationals.distance;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kernel against the composed twin in float64, at sizes around the lanes of vectors. */
class RationalTwinTest {
  private static final RationalKernel TWIN = new ComposedRational();
  private static final List<RationalKernel> KERNELS =
      List.of(new VectorRational(), new ScalarRational());

  private PointerScope scope;

  @BeforeEach
  void open() {
    scope = new PointerScope();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  record Size(long outer, int groups, long run, int m, int n) {}

  static Stream<Size> sizes() {
    List<Size> sizes = new ArrayList<>();
    for (long run : new long[] {1, 3, 7, 8, 15, 16, 17, 24, 37, 96}) {
      for (int groups : new int[] {1, 4, 8}) {
        for (long outer : new long[] {1, 2, 33}) {
          sizes.add(new Size(outer, groups, run, 5, 4));
        }
      }
      sizes.add(new Size(5, 4, run, 3, 2));
      sizes.add(new Size(5, 4, run, 7, 7));
    }
    sizes.add(new Size(5, 3, 131, 5, 4)); // wide strips with an incomplete vector
    sizes.add(new Size(700, 4, 24, 5, 4)); // several blocks of rows
    sizes.add(new Size(2, 3, 20_001, 5, 4)); // several blocks for each run
    sizes.add(new Size(9, 2, 8, 1, 1));
    sizes.add(new Size(9, 2, 8, 8, 8));
    return sizes.stream();
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void float64(Size size) {
    Rationals.Case exact = draw(size, true);
    check(exact, exact, 1e-12, 1e-12);
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void float32(Size size) {
    Rationals.Case rounded = draw(size, false).to(ScalarType.Float);
    // A few roundings for each element; sums of k terms err by sqrt(k) of them.
    check(rounded, rounded.to(ScalarType.Double), 2e-6, 4e-6);
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void bfloat16(Size size) {
    Rationals.Case rounded = draw(size, true).to(ScalarType.BFloat16);
    check(rounded, rounded.to(ScalarType.Double), 1 / 256.0, 1 / 256.0); // the last rounding
    Rationals.Case mixed =
        new Rationals.Case(
            rounded.x(),
            rounded.upstream(),
            rounded.numerator().to(ScalarType.Float),
            rounded.denominator().to(ScalarType.Float),
            rounded.layout());
    check(mixed, mixed.to(ScalarType.Double), 1 / 256.0, 4e-6);
  }

  private static Rationals.Case draw(Size size, boolean shared) {
    var layout = new GroupLayout(size.outer, size.groups, size.run);
    long[] shape = {size.outer, size.groups * size.run};
    return Rationals.random(size.hashCode(), layout, shape, size.m, size.n, shared);
  }

  private static void check(
      Rationals.Case actual, Rationals.Case exact, double elements, double sums) {
    Tensor y = exact.forward(TWIN);
    RationalKernel.Gradients expected = exact.backward(TWIN);
    for (RationalKernel kernel : KERNELS) {
      poison(actual.x());
      Tensor found = actual.forward(kernel);
      assertThat(distance(found, y)).isLessThan(elements);
      assertThat(found.scalar_type().intern()).isEqualTo(actual.x().scalar_type().intern());
      poison(actual.x());
      RationalKernel.Gradients gradients = actual.backward(kernel);
      assertThat(distance(gradients.x(), expected.x())).isLessThan(elements);
      assertThat(distance(gradients.numerator(), expected.numerator())).isLessThan(sums);
      assertThat(distance(gradients.denominator(), expected.denominator())).isLessThan(sums);
      assertThat(gradients.numerator().shape()).isEqualTo(actual.numerator().shape());
      assertThat(gradients.denominator().shape()).isEqualTo(actual.denominator().shape());
      assertThat(gradients.denominator().scalar_type().intern())
          .isEqualTo(actual.denominator().scalar_type().intern());
    }
  }

  /** Leaves freed memory of the size of a result full of NaN: what a kernel forgets shows. */
  private static void poison(Tensor like) {
    for (int i = 0; i < 3; i++) {
      torch.full_like(like, new Scalar(Double.NaN)).close();
    }
  }
}
