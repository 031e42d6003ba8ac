package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.BiFunction;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The worked example of the recipes: logits (2, 1, 0, -1), class 0. */
class LossesTest {
  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static Tensor logits() {
    return Tensor.create(new double[] {2, 1, 0, -1}).view(1, 4);
  }

  private static Tensor label(long label) {
    return Tensor.create(new long[] {label});
  }

  @Test
  void crossEntropyWithAndWithoutSmoothing() {
    BiFunction<Long, Double, Double> loss =
        (label, smoothing) -> Losses.crossEntropy(logits(), label(label), smoothing).item_double();
    // printed with eight decimals
    assertThat(loss.apply(0L, 0.0)).isCloseTo(0.44018970, within(1e-8));
    assertThat(loss.apply(0L, 0.1)).isCloseTo(0.59018970, within(1e-8));
    assertThat(Losses.summedCrossEntropy(logits(), label(0)).item_double())
        .isCloseTo(0.44018970, within(1e-8));
  }

  /** 0.7 of class 2 and 0.3 of class 0, smoothing 0.1: targets (.295, .025, .655, .025). */
  @Test
  void mixedTargetsAndTheirLoss() {
    Tensor share = Tensor.create(new double[] {0.7});
    Tensor targets = Losses.softTargets(label(2), label(0), share, 4, 0.1);
    double[] q = Memory.doubles(targets);
    assertThat(q).containsExactly(new double[] {.295, .025, .655, .025}, within(1e-15));
    assertThat(Losses.softCrossEntropy(logits(), targets).item_double())
        .isCloseTo(1.85018970, within(1e-8));
  }

  @Test
  void binaryCrossEntropyOfEachClass() {
    Tensor targets = Losses.smoothTargets(label(0), 4, 0.1);
    assertThat(Memory.doubles(targets))
        .containsExactly(new double[] {.925, .025, .025, .025}, within(1e-6));
    double expected = 0;
    double expectedHard = 0;
    double[] x = {2, 1, 0, -1};
    double[] q = {.925, .025, .025, .025};
    for (int k = 0; k < 4; k++) {
      double p = 1 / (1 + Math.exp(-x[k]));
      expected -= (q[k] * Math.log(p) + (1 - q[k]) * Math.log(1 - p)) / 4;
      expectedHard -= Math.log(k == 0 ? p : 1 - p) / 4;
    }
    // float32 targets: four terms of about 1, each to 6e-8
    assertThat(Losses.binaryCrossEntropy(logits(), targets, 0).item_double())
        .isCloseTo(expected, within(1e-6));
    assertThat(Losses.binaryCrossEntropy(logits(), targets, 0.2).item_double())
        .isCloseTo(expectedHard, within(1e-6));
    Tensor far = Tensor.create(new double[] {1000, -1000, 0, 0}).view(1, 4);
    assertThat(Losses.binaryCrossEntropy(far, targets, 0.2).item_double())
        .as("no overflow")
        .isCloseTo(2 * Math.log(2) / 4, within(1e-6));
  }

  @Test
  void countsLabelsAmongTheLargestLogits() {
    assertThat(Memory.longs(Losses.countInTop(logits(), label(0), 1))).containsExactly(1);
    assertThat(Memory.longs(Losses.countInTop(logits(), label(1), 1))).containsExactly(0);
    assertThat(Memory.longs(Losses.countInTop(logits(), label(1), 2))).containsExactly(1);
    assertThat(Memory.longs(Losses.countInTop(logits(), label(3), 5))).containsExactly(1);
    assertThat(Memory.longs(Losses.mostProbable(logits()))).containsExactly(0);
  }

  @Test
  void runningSumsOutliveTheirScope() {
    Tensor sum = Losses.zeroSum(Device.CPU);
    for (int i = 0; i < 3; i++) {
      try (Scope _ = Scope.open()) {
        Losses.addTo(sum, Tensor.create(new float[] {0.5f}).sum());
      }
    }
    assertThat(sum.item_double()).isEqualTo(1.5);
    sum.close();
  }
}
