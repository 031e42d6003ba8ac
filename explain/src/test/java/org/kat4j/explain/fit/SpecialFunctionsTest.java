package org.kat4j.explain.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Closed forms and tabulated values. */
class SpecialFunctionsTest {
  private static final Offset<Double> NEAR = within(1e-12);

  /** Of half order: elementary functions. */
  @Test
  void besselFunctions() {
    double x = 2.3;
    double root = Math.sqrt(2 / (Math.PI * x));
    assertThat(SpecialFunctions.besselJ(0.5, x)).isCloseTo(root * Math.sin(x), NEAR);
    assertThat(SpecialFunctions.besselY(0.5, x)).isCloseTo(-root * Math.cos(x), NEAR);
    assertThat(SpecialFunctions.besselI(0.5, x)).isCloseTo(root * Math.sinh(x), NEAR);
    assertThat(SpecialFunctions.besselK(0.5, x))
        .isCloseTo(Math.sqrt(Math.PI / (2 * x)) * Math.exp(-x), NEAR);
    assertThat(SpecialFunctions.besselJ(0, 1)).isCloseTo(0.7651976865579666, NEAR);
  }

  @Test
  void ellipticFunctions() {
    assertThat(SpecialFunctions.ellipticF(Math.PI / 2, 0.5)).isCloseTo(1.8540746773013719, NEAR);
    assertThat(SpecialFunctions.ellipticE(Math.PI / 2, 0.5)).isCloseTo(1.3506438810476755, NEAR);
    double u = SpecialFunctions.ellipticF(0.8, 0.7); // sn is the inverse of F
    assertThat(SpecialFunctions.jacobiSn(u, 0.7)).isCloseTo(Math.sin(0.8), NEAR);
  }

  /** Of whole degree: polynomials. */
  @Test
  void legendreFunctionsAndHarmonics() {
    double x = 0.3;
    double sine = Math.sqrt(1 - x * x);
    assertThat(SpecialFunctions.legendre(0, 2, x)).isCloseTo((3 * x * x - 1) / 2, NEAR);
    assertThat(SpecialFunctions.legendre(1, 2, x)).isCloseTo(-3 * x * sine, NEAR);
    assertThat(SpecialFunctions.legendre(2, 2, x)).isCloseTo(3 * sine * sine, NEAR);
    double theta = 0.4;
    double phi = 1.1;
    assertThat(SpecialFunctions.sphericalHarmonic(1, 1, theta, phi))
        .isCloseTo(-Math.sqrt(3 / (8 * Math.PI)) * Math.sin(phi) * Math.cos(theta), NEAR);
  }
}
