package org.kat4j.lab.p23;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.Daruan;
import org.kat4j.lab.network.Networks;

class LatentHeadTest {
  /** The sheet's count of HQKAN-44 on CIFAR-100's 256 features, and with trained base branches. */
  @Test
  void parametersOfThePublishedHeads() {
    assertThat(Networks.parameters(head(32, 28, false))).isEqualTo(18_292);
    assertThat(Networks.parameters(head(32, 28, true))).isEqualTo(19_188);
    assertThat(Networks.parameters(head(8, 7, false))).isEqualTo(3_304);
  }

  private static LatentHead.Spec head(int first, int second, boolean base) {
    var circuit =
        new Daruan.Spec(
            3,
            Daruan.Ansatz.PZ,
            Daruan.Measurement.FAST,
            false,
            false,
            false,
            Activation.SILU,
            base,
            Daruan.Start.ONES,
            0);
    return new LatentHead.Spec(256, 100, first, second, circuit);
  }
}
