package org.kat4j.lab.p09;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class TargetsTest {
  @Test
  void ellipticIntegral() {
    assertThat(Targets.ellipticE(1.2, 0)).isCloseTo(1.2, within(1e-9));
    assertThat(Targets.ellipticE(1.2, 1)).isCloseTo(Math.sin(1.2), within(1e-9));
    // Complete, m = 1/2: Abramowitz and Stegun, table 17.1.
    assertThat(Targets.ellipticE(Math.PI / 2, 0.5)).isCloseTo(1.3506438810, within(1e-9));
  }

  @Test
  void legendreOfWholeDegreesIsAPolynomial() {
    for (double z : new double[] {-0.9, -0.2, 0, 0.7, 1}) {
      assertThat(Targets.legendre(0, z)).isCloseTo(1, within(1e-7));
      assertThat(Targets.legendre(1, z)).isCloseTo(z, within(1e-7));
      assertThat(Targets.legendre(4, z))
          .isCloseTo((35 * Math.pow(z, 4) - 30 * z * z + 3) / 8, within(1e-7));
    }
  }

  @Test
  void harmonic() {
    assertThat(Targets.harmonic(0)).isCloseTo(0.48860251, within(1e-8));
  }
}
