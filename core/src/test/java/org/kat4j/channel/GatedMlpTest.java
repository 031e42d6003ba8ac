package org.kat4j.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class GatedMlpTest {
  private static GatedMlp built(double ratio, Mlp.Activation activation, int width) {
    return new GatedMlp.Spec(ratio, activation, false, 0)
        .build(width, Context.cpu(1).withDType(DType.FLOAT64));
  }

  /** x = (1, 2): gate (3, -1), value (2, 4); relu(gate) value = (6, 0). */
  @Test
  void gateTimesValue() {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      GatedMlp mixer = built(1, Mlp.Activation.RELU, 2);
      var weights = List.copyOf(StateDict.of(mixer).values()); // gate, value, output
      assertThat(StateDict.of(mixer).keySet())
          .containsExactly("fc1_g.weight", "fc1_x.weight", "fc2.weight");
      Context.assign(weights.get(0), 1, 1, 1, -1);
      Context.assign(weights.get(1), 2, 0, 0, 2);
      Context.assign(weights.get(2), 1, 1, 0.5, 7);
      Tensor x = Memory.doubles(new double[] {1, 2}, 1, 1, 2);
      assertThat(Memory.doubles(mixer.forward(x, Pass.evaluation()))).containsExactly(6, 3);
    }
  }

  @Test
  void twoThirdsOfTheRatioAreAsManyParameters() {
    long gated = StateDict.parameterCount(built(21 / 8.0, Mlp.Activation.SILU, 64));
    assertThat(gated).isEqualTo(2L * 64 * 252); // sheet 17: hidden widths 168 and 252
  }

  @Test
  void squaredRelu() {
    try (Scope _ = Scope.open()) {
      Tensor x = Memory.doubles(new double[] {-1, 0, 0.5, 3}, 4);
      assertThat(Memory.doubles(Mlp.Activation.SQUARED_RELU.apply(x)))
          .containsExactly(0, 0, 0.25, 9);
    }
    // E[max(x, 0)^4] = 3 / 2 for x ~ N(0, 1).
    assertThat(Mlp.Activation.SQUARED_RELU.alpha()).isCloseTo(2 / 3.0, within(1e-15));
  }
}
