package org.kat4j.lab.p11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.kat4j.lab.network.Networks;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** The opponent that kat4j has for this claim only. */
class SinesTest {
  /** Two sines: A 1^-K + C = 1.971860 times (0 or pi, plus 1/3 or 2/3). */
  @Test
  void phasesAreThoseOfTheSource() {
    double factor = 0.9724108095811765 + 0.999449553483052;
    assertThat(Sines.Layer.phases(2, 2))
        .containsExactly(
            new double[] {
              factor / 3, factor * 2 / 3, factor * (Math.PI + 1.0 / 3), factor * (Math.PI + 2.0 / 3)
            },
            within(1e-14));
  }

  /** 1 + 2 sin(1 x + p_0) - 3 sin(2 x + p_1), the first layer's frequencies being 1 and 2. */
  @Test
  void oneEdgeIsASumOfSines() {
    try (Scope _ = Scope.open()) {
      var layer = new Sines.Layer(1, 1, 2, true, Context.cpu(0).withDType(DType.FLOAT64));
      Tensor amplitudes = Objects.requireNonNull(StateDict.of(layer).get("amplitudes"));
      Backpropagation.set(amplitudes, Tensor.create(new double[] {2, -3}, 1, 1, 2));
      double[] phase = Sines.Layer.phases(1, 2);
      double[] x = {-0.4, 1.3};
      double[] expected = new double[2];
      for (int i = 0; i < 2; i++) {
        expected[i] = 1 + 2 * Math.sin(x[i] + phase[0]) - 3 * Math.sin(2 * x[i] + phase[1]);
      }
      assertThat(Memory.doubles(layer.forward(Tensor.create(x, 2, 1))))
          .containsExactly(expected, within(1e-14));
    }
  }

  /** Amplitudes, frequencies and biases: 256 x 9 x 8 + 9 x 10 x 8, 2 x 8, 9 + 10. */
  @Test
  void parametersOfTheHead() {
    assertThat(Networks.parameters(new Sines.Spec(256, 10, 9, 8, false))).isEqualTo(19_187);
  }
}
