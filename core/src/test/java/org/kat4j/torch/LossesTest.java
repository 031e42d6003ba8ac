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
