package org.kat4j.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class GroupRationalTest {
  private static final RationalCoefficients WORKED =
      new RationalCoefficients(
          new double[] {0.1, 0.5, -0.2, 0.05, 0.01, 0.002}, new double[] {0.3, -0.4, 0, 0.02});
  private static final Context FLOAT64_COMPOSED =
      Context.cpu(0).withDType(DType.FLOAT64).composed();

  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static Context float64() {
    return Context.cpu(0).withDType(DType.FLOAT64);
  }

  private static GroupRational.Spec groups(int numerators, int denominators) {
    return new GroupRational.Spec(numerators, denominators, 5, 4, GroupRational.Naming.KAT);
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor numbers = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(numbers, 0, 1);
  }

  private static List<Tensor> coefficients(GroupRational function) {
    return List.copyOf(StateDict.of(function).values());
  }

  /** The sheet's first check: the identity, whose denominator still has a gradient. */
  @Test
  void theIdentityIsExactAndItsDenominatorCanMove() {
    GroupRational function =
        groups(1, 1).build(4, RationalCoefficients.named("identity"), float64());
    Tensor x = Backpropagation.leaf(normal(1, 2, 3, 4), DType.FLOAT64);
    Tensor upstream = normal(2, 2, 3, 4);
    Tensor y = function.forward(x);
    assertThat(y.equal(x)).isTrue();
    Backpropagation.run(y, upstream);
    assertThat(x.grad().equal(upstream)).isTrue();
    double[] gradient = Memory.doubles(coefficients(function).get(1).grad());
    for (int k = 1; k <= 4; k++) {
      double expected =
          -upstream.mul(x).mul(x.abs().pow(new Scalar((double) k))).sum().item_double();
      // 24 terms in another order
      assertThat(gradient[k - 1]).isCloseTo(expected, within(1e-12));
    }
  }

  /** The sheet's second check at x = -1.5 and x = 0.7, nine printed digits. */
  @Test
  void theWorkedExample() {
    GroupRational function = groups(1, 1).build(1, WORKED, float64());
    Tensor x = Backpropagation.leaf(Tensor.create(new double[] {-1.5}).view(1, 1), DType.FLOAT64);
    Tensor y = function.forward(x);
    y.sum().backward();
    assertThat(y.item_double()).isCloseTo(-0.503136155, within(1e-9));
    assertThat(x.grad().item_double()).isCloseTo(0.188709436, within(1e-9));
    assertThat(Memory.doubles(coefficients(function).get(0).grad()))
        .containsExactly(
            new double[] {
              0.407955125, -0.611932687, 0.917899031, -1.376848547, 2.06527282, -3.09790923
            },
            within(1e-8));
    assertThat(Memory.doubles(coefficients(function).get(1).grad()))
        .containsExactly(
            new double[] {0.307885459, -0.461828189, 0.692742284, 1.039113426}, within(1e-9));
    Tensor second = function.forward(Tensor.create(new double[] {0.7}).view(1, 1));
    assertThat(second.item_double()).isCloseTo(0.263599811, within(1e-9));
  }

  /** The sheet's fifth check. */
  @Test
  void equalGroupsAreOneGroup() {
    Tensor x = normal(1, 3, 5, 16);
    Tensor one = groups(1, 1).build(16, WORKED, float64()).forward(x);
    Tensor eight = groups(1, 8).build(16, WORKED, float64()).forward(x);
    Tensor both = groups(8, 8).build(16, WORKED, float64()).forward(x);
    assertThat(eight.equal(one)).isTrue();
    assertThat(both.equal(one)).isTrue();
  }

  /** A function whose groups differ. */
  private static GroupRational uneven(int groups, int channels, Context context) {
    GroupRational function = groups(1, groups).build(channels, WORKED, context);
    Tensor denominator = coefficients(function).get(1);
    Backpropagation.set(denominator, normal(9, denominator.shape()));
    return function;
  }

  @Test
  void channelsOfAGroupAreInterchangeable() {
    GroupRational function = uneven(4, 8, float64());
    Tensor x = normal(1, 3, 5, 8);
    Tensor swappedInGroups = x.view(3, 5, 4, 2).flip(3).reshape(3, 5, 8);
    Tensor expected = function.forward(x).view(3, 5, 4, 2).flip(3).reshape(3, 5, 8);
    assertThat(function.forward(swappedInGroups).equal(expected)).isTrue();
    Tensor groupsSwapped = x.flip(2);
    assertThat(function.forward(groupsSwapped).equal(function.forward(x).flip(2))).isFalse();
  }

  @Test
  void theImageVersionIsThePermutedOne() {
    GroupRational function = uneven(4, 8, float64());
    Tensor image = Backpropagation.leaf(normal(1, 2, 8, 3, 5), DType.FLOAT64);
    Tensor upstream = normal(2, 2, 8, 3, 5);
    Tensor direct = function.forwardImage(image);
    Backpropagation.run(direct, upstream);
    double[] directGradient = Memory.doubles(image.grad());
    double[] directDenominator = Memory.doubles(coefficients(function).get(1).grad());

    GroupRational again = uneven(4, 8, float64());
    Tensor copy = Backpropagation.leaf(image, DType.FLOAT64);
    Tensor permuted = again.forward(copy.permute(0, 2, 3, 1)).permute(0, 3, 1, 2);
    Backpropagation.run(permuted, upstream);
    assertThat(direct.equal(permuted)).isTrue();
    assertThat(directGradient).containsExactly(Memory.doubles(copy.grad()), within(1e-14));
    assertThat(directDenominator)
        .containsExactly(Memory.doubles(coefficients(again).get(1).grad()), within(1e-12));
  }

  @Test
  void stridesDoNotMatter() {
    GroupRational function = uneven(4, 8, float64());
    Tensor x = normal(1, 8, 5, 3).transpose(0, 2); // [3, 5, 8], not contiguous
    assertThat(x.is_contiguous()).isFalse();
    Tensor leaf = x.detach().set_requires_grad(true);
    Tensor y = function.forward(leaf);
    assertThat(y.equal(function.forward(x.contiguous()))).isTrue();
    Tensor contiguous = Backpropagation.leaf(x.contiguous(), DType.FLOAT64);
    // An upstream gradient that is expanded from one number and has no strides either.
    y.sum().backward();
    function.forward(contiguous).sum().backward();
    assertThat(leaf.grad().equal(contiguous.grad())).isTrue();
  }

  @Test
  void theFusedKernelIsTheComposedFunction() {
    Tensor x1 = Backpropagation.leaf(normal(1, 3, 5, 8), DType.FLOAT64);
    Tensor x2 = Backpropagation.leaf(normal(1, 3, 5, 8), DType.FLOAT64);
    GroupRational fused = uneven(4, 8, float64());
    GroupRational composed = uneven(4, 8, FLOAT64_COMPOSED);
    Backpropagation.run(fused.forward(x1), normal(2, 3, 5, 8));
    Backpropagation.run(composed.forward(x2), normal(2, 3, 5, 8));
    assertThat(Memory.doubles(x1.grad())).containsExactly(Memory.doubles(x2.grad()), within(1e-13));
    for (int i = 0; i < 2; i++) {
      assertThat(Memory.doubles(coefficients(fused).get(i).grad()))
          .containsExactly(Memory.doubles(coefficients(composed).get(i).grad()), within(1e-11));
    }
  }

  private static Tensor firstDerivative(GroupRational function, Tensor x) {
    Tensor y = function.forward(x);
    return torch
        .grad(
            new TensorVector(y),
            new TensorVector(x),
            new TensorVector(torch.ones_like(y)),
            new BoolOptional(true),
            /* create_graph= */ true,
            /* allow_unused= */ false)
        .get(0);
  }

  /** Central differences of the first derivative, step 1e-5: off by about 1e-10. */
  @Test
  void theComposedFunctionHasSecondDerivatives() {
    GroupRational function = uneven(4, 8, FLOAT64_COMPOSED);
    Tensor x = Backpropagation.leaf(normal(1, 1, 2, 8), DType.FLOAT64);
    firstDerivative(function, x).sum().backward();
    double step = 1e-5;
    Tensor above = Backpropagation.leaf(x.detach().add(new Scalar(step)), DType.FLOAT64);
    Tensor below = Backpropagation.leaf(x.detach().sub(new Scalar(step)), DType.FLOAT64);
    Tensor difference =
        firstDerivative(function, above)
            .sub(firstDerivative(function, below))
            .div(new Scalar(2 * step));
    assertThat(Memory.doubles(x.grad())).containsExactly(Memory.doubles(difference), within(1e-8));
  }

  @Test
  void theFusedFunctionRefusesSecondDerivatives() {
    GroupRational function = uneven(4, 8, float64());
    Tensor x = Backpropagation.leaf(normal(1, 1, 2, 8), DType.FLOAT64);
    Tensor first = firstDerivative(function, x);
    assertThatThrownBy(() -> first.sum().backward())
        .isInstanceOf(RuntimeException.class)
        .hasMessageContaining("does not require grad");
  }

  @Test
  void groupsMustDivideTheChannels() {
    assertThatThrownBy(() ->
            GroupRational.Spec.example()
                .build(20, RationalCoefficients.named("swish"), Context.cpu(0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("20 channels do not split into 8 equal groups");
    assertThatThrownBy(() -> groups(2, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("numeratorGroups = 2, denominatorGroups = 4");
  }

  @Test
  void anInputOfAnotherWidthIsRefused() {
    GroupRational function = groups(1, 8).build(16, WORKED, float64());
    assertThatThrownBy(() -> function.forward(normal(1, 2, 20)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("20");
  }
}
