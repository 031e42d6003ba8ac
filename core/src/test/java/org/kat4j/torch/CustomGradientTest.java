package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The operation y = x^2 p with a scalar p, once by autograd and once with its gradient by hand. */
class CustomGradientTest {
  private static final int MEGABYTE_OF_FLOATS = 1 << 18;

  @BeforeAll
  static void load() {
    Host.start();
  }

  private static Tensor byHand(Tensor x, Tensor p) {
    Tensor saved = x.detach();
    Tensor value;
    try (var _ = Scope.noGradients()) {
      value = saved.mul(saved).mul(p);
    }
    return CustomGradient.apply(
        x,
        value,
        List.of(p),
        upstream ->
            new CustomGradient.Gradients(
                upstream.mul(saved).mul(p).mul(new Scalar(2)),
                List.of(upstream.mul(saved).mul(saved).sum())));
  }

  private static Tensor leaf(double... values) {
    return Tensor.create(values).set_requires_grad(true);
  }

  private static Tensor scalarLeaf(double value) {
    return leaf(value).sum().detach().set_requires_grad(true);
  }

  private static double[] gradient(Tensor leaf) {
    return Memory.doubles(leaf.grad());
  }

  @Test
  void equalsAutogradInsideALargerGraph() {
    try (Scope _ = Scope.open()) {
      double[] start = {-2, -0.5, 0, 0.3, 1.7};
      Tensor x1 = leaf(start);
      Tensor p1 = scalarLeaf(0.7);
      Tensor x2 = leaf(start);
      Tensor p2 = scalarLeaf(0.7);
      Tensor h1 = x1.sin();
      Tensor y1 = h1.mul(h1).mul(p1);
      Tensor y2 = byHand(x2.sin(), p2);
      assertThat(Memory.doubles(y2)).isEqualTo(Memory.doubles(y1));
      y1.exp().sum().backward();
      y2.exp().sum().backward();
      // The same few float64 operations in another order.
      double[] expected = gradient(x1);
      double[] actual = gradient(x2);
      for (int i = 0; i < expected.length; i++) {
        assertThat(actual[i]).isCloseTo(expected[i], within(1e-14));
      }
      assertThat(gradient(p2)[0]).isCloseTo(gradient(p1)[0], within(1e-14));
    }
  }

  @Test
  void anInputOutsideTheGraphStillTrainsTheParameter() {
    try (Scope _ = Scope.open()) {
      Tensor x = Tensor.create(new double[] {1, 2, 3});
      Tensor p = scalarLeaf(0.5);
      byHand(x, p).sum().backward();
      assertThat(gradient(p)).containsExactly(14);
      assertThat(x.requires_grad()).isFalse();
      assertThat(x.grad().defined()).isFalse();
    }
  }

  @Test
  void aFrozenParameterGetsNoGradient() {
    try (Scope _ = Scope.open()) {
      Tensor x = leaf(1, 2);
      Tensor p = Tensor.create(new double[] {3}).sum();
      byHand(x, p).sum().backward();
      assertThat(gradient(x)).containsExactly(6, 12);
      assertThat(p.grad().defined()).isFalse();
    }
  }

  @Test
  void twoBackwardsAddUp() {
    try (Scope _ = Scope.open()) {
      Tensor x = leaf(1, 2, 3);
      Tensor p = scalarLeaf(0.5);
      byHand(x, p).sum().backward();
      assertThat(gradient(p)).containsExactly(14);
      byHand(x, p).sum().backward();
      assertThat(gradient(p)).containsExactly(28);
      assertThat(gradient(x)).containsExactly(2, 4, 6);
    }
  }

  @Test
  void aResultUsedTwiceCallsTheGradientOnceWithTheSum() {
    try (Scope _ = Scope.open()) {
      Tensor x = leaf(1, 2);
      Tensor p = scalarLeaf(2);
      Tensor y = byHand(x, p);
      y.add(y.mul(new Scalar(3))).sum().backward();
      assertThat(gradient(x)).containsExactly(16, 32); // 4 * 2 x p
      assertThat(gradient(p)).containsExactly(20); // 4 * sum x^2
    }
  }

  @Test
  void twoHundredInOneGraph() {
    try (Scope _ = Scope.open()) {
      Tensor x = leaf(1, 1);
      Tensor p = scalarLeaf(1);
      Tensor y = x;
      for (int i = 0; i < 200; i++) {
        y = byHand(y, p).sqrt(); // y = x sqrt(p): 1 all the way
      }
      y.sum().backward();
      // y = x p^100, so dy/dx = 1 and dy/dp = 100 for both elements. All numbers are exact.
      assertThat(gradient(x)).containsExactly(1, 1);
      assertThat(gradient(p)).containsExactly(200);
    }
  }

  @Test
  void worksWithoutAScope() {
    Tensor x = leaf(1, 2);
    Tensor p = scalarLeaf(2);
    Tensor loss = byHand(x, p).sum();
    loss.backward();
    assertThat(gradient(x)).containsExactly(4, 8);
    assertThat(gradient(p)).containsExactly(5);
  }

  @Test
  void aParameterMustBeALeaf() {
    try (Scope _ = Scope.open()) {
      Tensor x = leaf(1);
      Tensor p = scalarLeaf(1).mul(new Scalar(2));
      assertThatThrownBy(() -> byHand(x, p))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must be leaves");
    }
  }

  @Test
  void withoutGradientsItIsThePlainValue() {
    try (Scope _ = Scope.open()) {
      Tensor x = leaf(2);
      Tensor p = scalarLeaf(1);
      try (var _ = Scope.noGradients()) {
        Tensor y = byHand(x, p);
        assertThat(y.requires_grad()).isFalse();
        assertThat(Memory.doubles(y)).containsExactly(4);
      }
      Tensor constant = byHand(x.detach(), p.detach());
      assertThat(constant.requires_grad()).isFalse();
    }
  }

  @Test
  void aSecondBackwardOverOneGraphSaysWhatToDo() {
    try (Scope _ = Scope.open()) {
      Tensor x = leaf(1, 2);
      Tensor p = scalarLeaf(1);
      Tensor y = byHand(x, p).sum();
      y.backward(new Tensor(), new BoolOptional(true), false, new TensorArrayRefOptional());
      assertThatThrownBy(y::backward)
          .isInstanceOf(RuntimeException.class)
          .hasMessageContaining("backward ran twice over one graph");
      // The error came through native code; libtorch still works on this thread.
      Tensor fresh = leaf(3);
      byHand(fresh, scalarLeaf(1)).sum().backward();
      assertThat(gradient(fresh)).containsExactly(6);
    }
  }

  @Test
  void anErrorInAGradientComesThroughNativeCode() {
    try (Scope _ = Scope.open()) {
      Tensor x = leaf(1);
      Tensor y =
          CustomGradient.apply(
              x,
              x.detach().clone(),
              List.of(),
              _ -> {
                throw new IllegalStateException("this gradient is broken");
              });
      assertThatThrownBy(() -> y.sum().backward()).hasMessageContaining("this gradient is broken");
    }
  }

  /** y[r] = sum over c of x[r, c] in bfloat16, from float32. */
  private static Tensor sumsInBFloat16(Tensor x) {
    return CustomGradient.applyConverting(
        x,
        x.detach().sum(-1).to(ScalarType.BFloat16),
        List.of(),
        upstream -> {
          assertThat(upstream.scalar_type().intern()).isEqualTo(ScalarType.BFloat16);
          assertThat(upstream.shape()).containsExactly(2);
          return new CustomGradient.Gradients(
              upstream.to(ScalarType.Float).unsqueeze(-1).expand(2, 3).contiguous(), List.of());
        });
  }

  @Test
  void aValueOfAnotherShapeAndDTypeHasAnUpstreamGradientLikeIt() {
    try (Scope _ = Scope.open()) {
      Tensor x = leaf(1, 2, 3, 4, 5, 6);
      Tensor y = sumsInBFloat16(x.to(ScalarType.Float).view(2, 3));
      assertThat(Memory.doubles(y)).containsExactly(6, 15);
      y.square().sum().backward();
      assertThat(gradient(x)).containsExactly(12, 12, 12, 30, 30, 30);
    }
  }

  private static Tensor rounded(Tensor x) {
    return CustomGradient.applyConverting(
        x,
        x.detach().to(ScalarType.BFloat16),
        List.of(),
        upstream -> new CustomGradient.Gradients(upstream.to(ScalarType.Float), List.of()));
  }

  /** The gradient of a sum goes to both terms as one tensor: exchanging its data must not show. */
  @Test
  void theUpstreamGradientOfAConvertedValueMayBelongToOthersToo() {
    try (Scope _ = Scope.open()) {
      for (boolean convertedFirst : new boolean[] {true, false}) {
        Tensor x = leaf(1, 2, 3, 4, 5, 6);
        Tensor z = leaf(7, 8);
        Tensor y = sumsInBFloat16(x.to(ScalarType.Float).view(2, 3));
        Tensor other = z.to(ScalarType.BFloat16).alias();
        Tensor sum = convertedFirst ? y.add(other) : other.add(y);
        sum.square().sum().backward();
        assertThat(gradient(x)).containsExactly(26, 26, 26, 46, 46, 46);
        assertThat(gradient(z)).containsExactly(26, 46);
      }
    }
  }

  @Test
  void aConvertedValueUsedTwiceCallsTheGradientOnceWithTheSum() {
    try (Scope _ = Scope.open()) {
      Tensor x = leaf(1, 2, 3, 4, 5, 6);
      Tensor asFloat = x.to(ScalarType.Float).view(2, 3);
      Tensor y = sumsInBFloat16(asFloat);
      y.add(y.mul(new Scalar(3))).sum().add(asFloat.sum()).backward();
      assertThat(gradient(x)).containsExactly(5, 5, 5, 5, 5, 5);
    }
  }

  /** s = x + y in float32 and p s^2 in bfloat16, from x in float32 and y in bfloat16. */
  private static List<Tensor> sumAndSquare(Tensor x, Tensor y, Tensor p) {
    Tensor sum = x.detach().add(y.detach());
    return CustomGradient.applyToAll(
        List.of(x, y),
        List.of(sum, sum.square().mul(p.detach()).to(ScalarType.BFloat16)),
        List.of(p),
        upstream -> {
          Tensor ofSum = upstream.get(0);
          Tensor ofSquare = upstream.get(1);
          Tensor gradient = torch.zeros_like(sum);
          Tensor ofP = torch.zeros_like(p);
          if (ofSum != null) {
            assertThat(ofSum.scalar_type().intern()).isEqualTo(ScalarType.Float);
            gradient = gradient.add(ofSum);
          }
          if (ofSquare != null) {
            assertThat(ofSquare.scalar_type().intern()).isEqualTo(ScalarType.BFloat16);
            gradient = gradient.add(ofSquare.mul(sum).mul(p).mul(new Scalar(2)));
            ofP = ofSquare.mul(sum.square()).sum();
          }
          return new CustomGradient.AllGradients(
              List.of(gradient, gradient.to(y.scalar_type())), List.of(ofP));
        });
  }

  private static Tensor floats(Tensor doubles) {
    return doubles.to(ScalarType.Float);
  }

  private static Tensor lowered(Tensor doubles) {
    return doubles.to(ScalarType.BFloat16);
  }

  /** Both results used, one of them twice, the other one's gradient from a later operation. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "BFLOAT16"})
  void severalInputsAndResultsOfDifferentTypes(Precision precision) {
    try (Scope _ = Scope.open()) {
      Tensor x = leaf(1, 2, 3);
      Tensor y = leaf(1, 0, -1);
      Tensor p = floats(scalarLeaf(2)).detach().set_requires_grad(true);
      List<Tensor> results;
      try (var _ = precision.on(Device.CPU)) {
        results = sumAndSquare(floats(x), lowered(y), p);
      }
      Tensor sum = results.get(0);
      Tensor square = results.get(1);
      assertThat(Memory.doubles(sum)).containsExactly(2, 2, 2);
      assertThat(Memory.doubles(square)).containsExactly(8, 8, 8);
      Tensor branch = square.add(square.mul(new Scalar(3))); // 4 p s^2
      sum.add(branch).sum().backward();
      assertThat(gradient(x)).containsExactly(33, 33, 33); // 1 + 8 p s
      assertThat(gradient(y)).containsExactly(33, 33, 33);
      assertThat(gradient(p)).containsExactly(48); // 4 sum s^2
    }
  }

  @Test
  void aResultThatNobodyUsesHasNoGradient() {
    try (Scope _ = Scope.open()) {
      for (int used = 0; used < 2; used++) {
        Tensor x = leaf(1, 2);
        Tensor y = leaf(1, 1);
        Tensor p = floats(scalarLeaf(1)).detach().set_requires_grad(true);
        sumAndSquare(floats(x), lowered(y), p).get(used).sum().backward();
        double[] expected = used == 0 ? new double[] {1, 1} : new double[] {4, 6};
        assertThat(gradient(x)).isEqualTo(expected);
        assertThat(gradient(y)).isEqualTo(expected);
        assertThat(gradient(p)).containsExactly(used == 0 ? 0 : 13);
      }
    }
  }

  @Test
  void amongSeveralInputsThoseThatNeedNoGradientGetNone() {
    try (Scope _ = Scope.open()) {
      for (int trained = 0; trained < 4; trained++) { // a bit for each of x and y
        Tensor x = leaf(1, 2).set_requires_grad((trained & 1) != 0);
        Tensor y = leaf(1, 1).set_requires_grad((trained & 2) != 0);
        Tensor p = floats(scalarLeaf(1)).detach().set_requires_grad(true);
        List<Tensor> results = sumAndSquare(floats(x), lowered(y), p);
        results.get(0).add(results.get(1)).sum().backward();
        assertThat(x.grad().defined()).isEqualTo(x.requires_grad());
        assertThat(y.grad().defined()).isEqualTo(y.requires_grad());
        for (Tensor input : List.of(x, y)) {
          if (input.requires_grad()) {
            assertThat(gradient(input)).containsExactly(5, 7);
          }
        }
        assertThat(gradient(p)).containsExactly(13);
      }
    }
  }

  /** Terms of a sum get one tensor as their gradient, which must not be exchanged for all. */
  @Test
  void severalInputsAndResultsOfOneType() {
    try (Scope _ = Scope.open()) {
      Tensor x = leaf(1, 2);
      Tensor y = leaf(3, 4);
      List<Tensor> results =
          CustomGradient.applyToAll(
              List.of(x, y),
              List.of(x.detach().mul(y.detach()), x.detach().sub(y.detach())),
              List.of(),
              upstream -> {
                Tensor ofProduct = Objects.requireNonNull(upstream.get(0));
                Tensor ofDifference = Objects.requireNonNull(upstream.get(1));
                return new CustomGradient.AllGradients(
                    List.of(
                        ofProduct.mul(y.detach()).add(ofDifference),
                        ofProduct.mul(x.detach()).sub(ofDifference)),
                    List.of());
              });
      Tensor total = results.get(0).add(results.get(1));
      total.sum().backward();
      assertThat(gradient(x)).containsExactly(4, 5);
      assertThat(gradient(y)).containsExactly(0, 1);
    }
  }

  /** A residual stream of such operations: the same numbers as by autograd, small and exact. */
  @Test
  void aChainOfSeveralInputsAndResults() {
    try (Scope _ = Scope.open()) {
      Tensor x = leaf(0.5, -1);
      Tensor p = floats(scalarLeaf(1)).detach().set_requires_grad(true);
      Tensor sum = floats(x);
      Tensor branch = lowered(x);
      Tensor twinOfX = leaf(0.5, -1);
      Tensor twinSum = floats(twinOfX);
      Tensor twinBranch = lowered(twinOfX);
      for (int i = 0; i < 2; i++) {
        List<Tensor> results = sumAndSquare(sum, branch, p);
        sum = results.get(0);
        branch = results.get(1);
        twinSum = twinSum.add(twinBranch);
        twinBranch = lowered(twinSum.square());
      }
      sum.add(branch).sum().backward();
      twinSum.add(twinBranch).sum().backward();
      assertThat(gradient(x)).isEqualTo(gradient(twinOfX));
    }
  }

  /** What an operation gives its first input arrives at the operation before, not a copy of it. */
  @Test
  void gradientsPassFromOperationToOperationWithoutACopy() {
    try (Scope _ = Scope.open()) {
      Tensor x = floats(leaf(1, 2)).detach().set_requires_grad(true);
      Tensor y = lowered(leaf(1, 2)).detach().set_requires_grad(true);
      List<Long> given = new ArrayList<>();
      List<Long> found = new ArrayList<>();
      Tensor sum = x;
      for (int i = 0; i < 3; i++) {
        sum =
            CustomGradient.applyToAll(
                    List.of(sum, y),
                    List.of(sum.detach().add(y.detach()), y.detach()),
                    List.of(),
                    upstream -> {
                      Tensor ofSum = Objects.requireNonNull(upstream.getFirst());
                      found.add(ofSum.data_ptr().address());
                      Tensor gradient = ofSum.clone();
                      given.add(gradient.data_ptr().address());
                      return new CustomGradient.AllGradients(
                          List.of(gradient, gradient.to(ScalarType.BFloat16)), List.of());
                    })
                .getFirst();
      }
      sum.sum().backward();
      assertThat(found.subList(1, 3)).isEqualTo(given.subList(0, 2));
      assertThat(x.grad().data_ptr().address()).isEqualTo(given.getLast());
      assertThat(gradient(y)).containsExactly(3, 3);
    }
  }

  @Test
  void severalInputsWithoutGradientsAreThePlainValues() {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor p = floats(scalarLeaf(2));
      List<Tensor> results = sumAndSquare(floats(leaf(1, 2)), lowered(leaf(1, 2)), p);
      assertThat(Memory.doubles(results.get(0))).containsExactly(2, 4);
      assertThat(results.get(1).requires_grad()).isFalse();
    }
  }

  @Test
  void aGraphThatOutlivesItsScopeSaysSo() {
    Tensor one;
    Tensor all;
    try (Scope _ = Scope.open()) {
      TensorOptions floats = new TensorOptions(ScalarType.Float);
      Tensor x = torch.ones(new long[] {2}, floats).set_requires_grad(true);
      Tensor p = torch.ones(new long[0], floats).set_requires_grad(true);
      one = Scope.keep(byHand(x, p).sum());
      all = Scope.keep(sumAndSquare(x, rounded(x), p).get(0).sum());
    }
    for (Tensor kept : List.of(one, all)) {
      try (kept) {
        assertThatThrownBy(kept::backward)
            .hasMessageContaining("the scope in which this graph was built is closed");
      }
    }
  }

  @Test
  void memoryStaysFlatWithAndWithoutBackward() {
    int threads = Host.threads();
    Host.setThreads(1); // waking a second thread for 1 MB costs more than it gains
    try {
      thousandsOfSteps();
    } finally {
      Host.setThreads(threads);
    }
  }

  private static void thousandsOfSteps() {
    Tensor p;
    Tensor x;
    TensorOptions floats = new TensorOptions(ScalarType.Float);
    try (Scope _ = Scope.open()) {
      p = Scope.keep(torch.ones(new long[0], floats).set_requires_grad(true));
      x = Scope.keep(torch.ones(new long[] {MEGABYTE_OF_FLOATS}, floats).set_requires_grad(true));
    }
    long settled = 0;
    for (int step = 1; step <= 2000; step++) {
      try (Scope _ = Scope.open()) {
        List<Tensor> results = sumAndSquare(x, rounded(byHand(x, p)), p);
        Tensor loss = results.get(0).add(results.get(1)).mean();
        if (step % 4 != 0) { // every fourth graph is dropped
          loss.backward();
        }
      }
      if (step == 300) {
        settled = Host.residentBytes();
      }
    }
    // One tensor kept in 20 steps would be 85 MB.
    assertThat(Host.residentBytes()).isLessThan(settled + settled / 20);
    try (Scope _ = Scope.open()) {
      // With x = p = 1: s = x + x^2 p and s + p s^2 have the derivative ds/dp + s^2 + 2 s ds/dp = 9
      // in each of 1500 backwards.
      assertThat(gradient(p)[0]).isEqualTo(9 * 1500);
    }
    x.close();
    p.close();
  }
}
