package org.kat4j.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kat4j.function.PolynomialComposition.Form;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** The worked examples of sheet 17. */
class PolynomialCompositionTest {
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static PolynomialComposition cubic(Form form) {
    return new PolynomialComposition.Spec(form, 3).build(Context.cpu(0).withDType(DType.FLOAT64));
  }

  private static Tensor example() {
    return Backpropagation.leaf(
        Tensor.create(new double[] {-1, 0, 1, 2}).view(1, 4), DType.FLOAT64);
  }

  private static List<Tensor> parameters(PolynomialComposition function) {
    return List.copyOf(StateDict.of(function).values());
  }

  @Test
  void polyNormOfFourChannels() {
    PolynomialComposition function = cubic(Form.POLY_NORM);
    Tensor x = example();
    Tensor y = function.forward(x);
    assertThat(Memory.doubles(y))
        .containsExactly(new double[] {-0.1970916, 0, 0.5113613, 1.8293581}, within(1e-7));
    Backpropagation.run(y, Tensor.create(new double[] {1, 1, 1, 1}).view(1, 4));
    assertThat(Memory.doubles(x.grad()))
        .containsExactly(new double[] {0.4293974, 0.2721654, 0.6072994, -0.0889506}, within(1e-7));
    assertThat(Memory.doubles(parameters(function).get(0).grad()))
        .containsExactly(new double[] {1.9694638, 2.8284268, 1.6329926}, within(1e-7));
    assertThat(parameters(function).get(1).grad().item_double()).isEqualTo(4);
  }

  @Test
  void polyReluOfFourChannels() {
    PolynomialComposition function = cubic(Form.POLY_RELU);
    Tensor x = example();
    Tensor y = function.forward(x);
    assertThat(Memory.doubles(y)).containsExactly(new double[] {0, 0, 1, 14 / 3.0}, within(1e-14));
    y.sum().backward();
    assertThat(Memory.doubles(x.grad()))
        .containsExactly(new double[] {0, 0, 2, 17 / 3.0}, within(1e-14));
  }

  /** With the weights (0, 0, 1) and (0, 1, 0). */
  @Test
  void knownFunctionsAreSpecialCases() {
    PolynomialComposition function = cubic(Form.POLY_RELU);
    Tensor x = normal(5, 3, 8);
    Backpropagation.set(parameters(function).get(0), Tensor.create(new double[] {0, 0, 1}));
    assertThat(function.forward(x).equal(x.relu())).isTrue();
    Backpropagation.set(parameters(function).get(0), Tensor.create(new double[] {0, 1, 0}));
    assertThat(function.forward(x).equal(x.relu().square())).isTrue();
  }

  @Test
  void polyNormDoesNotSeeTheScaleAndGivesZeroForZero() {
    PolynomialComposition function = cubic(Form.POLY_NORM);
    Tensor x = normal(6, 4, 16);
    Tensor scaled = function.forward(x.mul(new Scalar(5)));
    // eps = 1e-6 against means near 1 and 15
    assertThat(scaled.sub(function.forward(x)).abs().max().item_double()).isLessThan(2e-6);
    assertThat(function.forward(torch.zeros_like(x)).abs().max().item_double()).isZero();
  }

  /** Moments of a standard normal input, 200,000 numbers: deviations of about 1/450. */
  @Test
  void momentsOfNormalInput() {
    Tensor x = normal(7, 1, 200_000);
    Tensor norm = cubic(Form.POLY_NORM).forward(x);
    assertThat(norm.mean().item_double()).isCloseTo(0.19245, within(0.01));
    assertThat(norm.square().mean().item_double()).isCloseTo(0.505466, within(0.02));
    Tensor relu = cubic(Form.POLY_RELU).forward(x);
    assertThat(relu.mean().item_double()).isCloseTo(0.565609, within(0.02));
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor numbers = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(numbers, 0, 1);
  }
}
