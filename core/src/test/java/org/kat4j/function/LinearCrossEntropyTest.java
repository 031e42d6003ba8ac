package org.kat4j.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Precision;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;

/** Loss and gradients some rows at a time against those of all rows at once. */
class LinearCrossEntropyTest {
  private static final int ROWS = 7;
  private static final int WIDTH = 5;
  private static final int CLASSES = 9;

  private static Tensor normal(long seed, double deviation, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, deviation);
  }

  private static Tensor classes() {
    return Tensor.create(new long[] {0, 8, 3, 3, 1, 7, 5});
  }

  private record Result(double loss, Tensor ofFeatures, Tensor ofWeight) {}

  private static Result run(DType dtype, long atOnce, Precision precision) {
    Tensor x = Backpropagation.leaf(normal(1, 1, ROWS, WIDTH), dtype);
    Tensor w = Backpropagation.leaf(normal(2, 2, CLASSES, WIDTH), dtype);
    Tensor features = x.mul(new Scalar(1)); // a result, as features are
    Tensor loss;
    try (var _ = precision.on(Device.CPU)) {
      loss =
          atOnce == 0
              ? Losses.crossEntropy(torch.linear(features, w), classes(), 0)
              : LinearCrossEntropy.mean(features, w, classes(), atOnce);
    }
    Backpropagation.run(loss.mul(new Scalar(3)));
    return new Result(loss.item_double(), x.grad(), w.grad());
  }

  private static double distance(Tensor a, Tensor b) {
    return a.sub(b).abs().max().item_double();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 3, 7, 100})
  void someRowsAtATimeGiveTheSame(long atOnce) {
    try (Scope _ = Scope.open()) {
      Result wanted = run(DType.FLOAT64, 0, Precision.FLOAT32);
      Result found = run(DType.FLOAT64, atOnce, Precision.FLOAT32);
      assertThat(found.loss).isCloseTo(wanted.loss, within(1e-14));
      assertThat(distance(found.ofFeatures, wanted.ofFeatures)).isLessThan(1e-14);
      assertThat(distance(found.ofWeight, wanted.ofWeight)).isLessThan(1e-14);
    }
  }

  /**
   * Logits rounded to 8 bits of mantissa: gradients are off by 2^-8 of the logits, which reach 10.
   */
  @Test
  void underAutocastItIsAsClose() {
    try (Scope _ = Scope.open()) {
      Result wanted = run(DType.FLOAT32, 0, Precision.FLOAT32);
      Result found = run(DType.FLOAT32, 3, Precision.BFLOAT16);
      assertThat(found.loss).isCloseTo(wanted.loss, within(0.04));
      assertThat(distance(found.ofFeatures, wanted.ofFeatures)).isPositive().isLessThan(0.04);
      assertThat(found.ofWeight.scalar_type().intern()).isEqualTo(ScalarType.Float);
      assertThat(distance(found.ofWeight, wanted.ofWeight)).isPositive().isLessThan(0.04);
    }
  }

  @Test
  void aClassWithoutProbabilityHasAFiniteLoss() {
    try (Scope _ = Scope.open()) {
      Tensor x = Backpropagation.leaf(torch.full(new long[] {1, 1}, new Scalar(1)), DType.FLOAT32);
      Tensor w =
          Backpropagation.leaf(Tensor.create(new double[] {500, 0}).view(2, 1), DType.FLOAT32);
      Tensor loss = LinearCrossEntropy.mean(x, w, Tensor.create(new long[] {1}), 1);
      assertThat(loss.item_double()).isEqualTo(500);
    }
  }

  @Test
  void withoutGradientsTheLossIsTheSame() {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor x = normal(1, 1, ROWS, WIDTH);
      Tensor w = normal(2, 2, CLASSES, WIDTH);
      double wanted = Losses.crossEntropy(torch.linear(x, w), classes(), 0).item_double();
      double found = LinearCrossEntropy.mean(x, w, classes(), 2).item_double();
      assertThat(found).isCloseTo(wanted, within(1e-14));
    }
  }
}
