package org.kat4j.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;

class FormulaWeightsTest {
  /** The first number u of the name {@code input}, as the recordings give it. */
  @Test
  void beginsAsTheRecordingsSay() {
    try (Scope _ = Scope.open()) {
      double first = Memory.doubles(FormulaWeights.input(1, 1, 1, 2))[0];
      assertThat(first).isCloseTo(1.7 * (2 * 0.0978183426575382 - 1), within(1e-15));
      double scale = Memory.doubles(FormulaWeights.of("input", 3))[0];
      assertThat(scale).isCloseTo(.2 * (2 * 0.0978183426575382 - 1), within(1e-15));
    }
  }
}
