package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DropoutTest {
  private static final long COUNT = 40_000;

  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static Tensor ones(long... shape) {
    return torch.ones(shape, new TensorOptions(ScalarType.Float));
  }

  private static Pass training(long seed) {
    return Pass.training(new RandomStream(seed));
  }

  /** A share of n draws is known to sqrt(p (1 - p) / n); four of these. */
  private static double tolerance(double rate) {
    return 4 * Math.sqrt(rate * (1 - rate) / COUNT);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.5, 0.9})
  void respectsTheRateAndKeepsTheExpectation(double rate) {
    Tensor elements = Dropout.elements(ones(200, 200), rate, training(1));
    Tensor samples = Dropout.samples(ones(COUNT, 1), rate, training(1));
    for (Tensor y : new Tensor[] {elements, samples}) {
      double zeros = y.eq(new Scalar(0.0)).sum().item_double() / COUNT;
      assertThat(zeros).isCloseTo(rate, within(tolerance(rate)));
      assertThat(y.mean().item_double()).isCloseTo(1, within(tolerance(rate) / (1 - rate)));
      assertThat(y.max().item_double()).isCloseTo(1 / (1 - rate), within(1e-6 / (1 - rate)));
    }
  }

  @Test
  void aSampleIsDroppedAsAWhole() {
    Tensor y = Dropout.samples(ones(64, 5, 3), 0.5, training(2));
    double[] sums = Memory.doubles(y.sum(2).sum(1));
    assertThat(sums).containsOnly(0, 30);
  }

  @Test
  void evaluationAndRateZeroChangeNothing() {
    Tensor x = ones(4, 4);
    assertThat(Dropout.elements(x, 0.5, Pass.evaluation())).isSameAs(x);
    assertThat(Dropout.samples(x, 0.5, Pass.evaluation())).isSameAs(x);
    assertThat(Dropout.elements(x, 0, training(1))).isSameAs(x);
  }

  @Test
  void theStreamDecidesTheMask() {
    Tensor x = ones(50, 50);
    Tensor one = Dropout.elements(x, 0.5, training(3));
    assertThat(Dropout.elements(x, 0.5, training(3)).equal(one)).isTrue();
    assertThat(Dropout.elements(x, 0.5, training(4)).equal(one)).isFalse();
    RandomStream stream = new RandomStream(5);
    Tensor state = stream.state();
    Tensor first = Dropout.elements(x, 0.5, Pass.training(stream));
    assertThat(Dropout.elements(x, 0.5, Pass.training(stream)).equal(first)).isFalse();
    stream.restore(state);
    assertThat(Dropout.elements(x, 0.5, Pass.training(stream)).equal(first)).isTrue();
  }

  @Test
  void keepsTheElementTypeAndLetsGradientsThrough() {
    Tensor x = ones(8, 8).to(ScalarType.Double).set_requires_grad(true);
    Tensor y = Dropout.elements(x, 0.5, training(6));
    assertThat(DType.of(y)).isEqualTo(DType.FLOAT64);
    y.sum().backward();
    assertThat(x.grad().equal(y.detach())).isTrue(); // x = 1, so the gradient is the mask
  }
}
