package org.kat4j.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.function.DoubleUnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.error.UserException;
import org.kat4j.torch.Safetensors;

class RationalCoefficientsTest {
  @Test
  void valuesOfTheWorkedExample() {
    RationalCoefficients f =
        new RationalCoefficients(
            new double[] {0.1, 0.5, -0.2, 0.05, 0.01, 0.002}, new double[] {0.3, -0.4, 0, 0.02});
    assertThat(f.value(-1.5)).isCloseTo(-0.503136155, within(5e-10));
    assertThat(f.value(0.7)).isCloseTo(0.263599811, within(5e-10));
    assertThat(f.value(2)).isCloseTo(0.2625, within(1e-15));
  }

  @Test
  void valuesOfThePublishedSets() {
    RationalCoefficients swish = RationalCoefficients.named("swish");
    assertThat(swish.value(-2)).isCloseTo(-0.238406045, within(5e-10));
    assertThat(swish.value(0.5)).isCloseTo(0.311229595, within(5e-10));
    assertThat(swish.value(5)).isCloseTo(4.964719697, within(5e-10));
    assertThat(swish.value(100)).isCloseTo(60.40342431, within(5e-9));
    RationalCoefficients gelu = RationalCoefficients.named("gelu");
    assertThat(gelu.value(1)).isCloseTo(0.823506, within(5e-7));
    assertThat(gelu.value(3)).isCloseTo(1.531052, within(5e-7));
    assertThat(RationalCoefficients.named("identity").value(-1.7)).isEqualTo(-1.7);
  }

  /** Largest error on the interval of the fit, and 1 / E[F^2], each to the digits known. */
  @ParameterizedTest
  @CsvSource({
    "identity,           identity,        3, 0,      0,      1.0000",
    "swish,              swish,           3, 1.2e-6, 0.1e-6, 2.8108",
    "gelu,               gelu,            3, 1.465,  5e-4,   3.1926",
    "gelu_old,           gelu,            3, 4.1e-3, 0.1e-3, 2.3516",
    "relu,               relu,            3, 3.0e-2, 0.1e-2, 2.0006",
    "leaky_relu,         leaky_relu,      3, 3.0e-2, 0.1e-2, 2.0004",
    "leaky_relu_0.1,     leaky_relu_0.1,  3, 2.8e-2, 0.1e-2, 1.9807",
    "tanh,               tanh,            3, 4.1e-5, 0.1e-5, 2.5362",
    "sigmoid,            sigmoid,         3, 1.9e-5, 0.1e-5, 3.4086",
    "geglu,              geglu,           3, 0.945,  5e-4,   0.7996",
    "swishglu,           swishglu,        3, 1.710,  5e-4,   1.0357",
    "erfc_Softplus_2,    erfc_Softplus_2, 3, 8.5e-2, 0.1e-2, 13.089",
    "gelu-corrected,     gelu,            6, 3.8e-3, 0.1e-3, 2.3508",
    "gelu-corrected-3, gelu, 3, 2.8e-3, 0.1e-3, 2.3519",
    "swish-corrected,    swish,           6, 2.1e-4, 0.1e-4, 2.8108",
    "swishglu-corrected, swishglu, 3, 2.0e-4, 0.1e-4, 0.8402",
    "geglu-corrected, geglu, 3, 2.9e-3, 0.1e-3, 0.7155",
    "erfc_Softplus_2-corrected, erfc_Softplus_2, 3, 3.1e-4, 0.1e-4, 12.105",
    "mish-corrected,     mish,            3, 1.9e-4, 0.1e-4, 2.2107",
  })
  void errorAndSecondMomentOfEverySet(
      String set, String target, double reach, double error, double tolerance, double alpha) {
    RationalCoefficients rational = RationalCoefficients.named(set);
    DoubleUnaryOperator function = TargetFunctions.named(target);
    double worst = 0;
    for (int i = 0; i <= 1000; i++) {
      double x = reach * (i - 500) / 500;
      worst = Math.max(worst, Math.abs(rational.value(x) - function.applyAsDouble(x)));
    }
    assertThat(worst).isCloseTo(error, within(tolerance));
    assertThat(1 / rational.secondMoment()).isCloseTo(alpha, within(alpha > 10 ? 6e-4 : 6e-5));
    assertThat(rational.gain()).isCloseTo(Math.sqrt(alpha), within(1e-4));
  }

  @Test
  void everySetIsListed() {
    assertThat(RationalCoefficients.names()).hasSize(19).doesNotHaveDuplicates();
    for (String name : RationalCoefficients.names()) {
      RationalCoefficients set = RationalCoefficients.named(name);
      assertThat(set.numeratorDegree()).isEqualTo(5);
      assertThat(set.denominatorDegree()).isEqualTo(4);
    }
  }

  /** The reference library's own values; it wrote them through float32. */
  @Test
  void publishedSetsAreThoseOfTheReference() throws URISyntaxException {
    Path file = Path.of(getClass().getResource("/golden/01-rational-init.safetensors").toURI());
    try (PointerScope scope = new PointerScope();
        Safetensors golden = Safetensors.open(file)) {
      assertThat(golden.names()).hasSize(2 * 12);
      for (String entry : golden.names()) {
        int dot = entry.lastIndexOf('.');
        RationalCoefficients set = RationalCoefficients.named(entry.substring(0, dot));
        double[] ours = entry.endsWith(".numerator") ? set.numerator() : set.denominator();
        Tensor theirs = golden.read(entry);
        assertThat(golden.entry(entry).shape()).containsExactly(ours.length);
        for (int i = 0; i < ours.length; i++) {
          double expected = theirs.select(0, i).item_double();
          double largest = theirs.abs().max().item_double();
          assertThat(ours[i])
              .as("%s[%d]", entry, i)
              .isCloseTo(expected, within(1e-7 * Math.max(1e-3, largest)));
        }
      }
    }
  }

  @Test
  void anUnknownNameGetsTheNearest() {
    assertThatThrownBy(() -> RationalCoefficients.named("gelu_corrected"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("did you mean 'gelu-corrected'?")
        .hasMessageContaining("swishglu-corrected");
  }

  @Test
  void otherDegreesKeepTheFunction() {
    RationalCoefficients swish = RationalCoefficients.named("swish");
    RationalCoefficients wide = swish.withDegrees(7, 8);
    assertThat(wide.numerator()).hasSize(8).endsWith(0, 0);
    assertThat(wide.denominator()).hasSize(8);
    assertThat(wide.value(-2.5)).isEqualTo(swish.value(-2.5));
    assertThat(wide.withDegrees(5, 4)).isEqualTo(swish).hasSameHashCodeAs(swish);
    assertThat(RationalCoefficients.named("identity").withDegrees(3, 2).value(4)).isEqualTo(4);
    assertThatThrownBy(() -> swish.withDegrees(4, 4))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("numerator")
        .hasMessageContaining("does not fit into 5 coefficients");
    assertThatThrownBy(() -> swish.withDegrees(9, 4))
        .isInstanceOf(UserException.class)
        .hasMessage("degree of the rational's numerator is 9; allowed is 1 to 8");
  }

  @Test
  void whatIsNoRationalIsRefused() {
    double[] two = {0, 1};
    assertThatThrownBy(() -> new RationalCoefficients(new double[] {1}, two))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("numerator is 0");
    assertThatThrownBy(() -> new RationalCoefficients(two, new double[9]))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("denominator is 9");
    assertThatThrownBy(() -> new RationalCoefficients(two, new double[] {Double.NaN}))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("finite");
  }

  @Test
  void coefficientsCannotBeChangedFromOutside() {
    double[] numerator = {0, 1};
    RationalCoefficients f = new RationalCoefficients(numerator, new double[] {0});
    numerator[1] = 5;
    f.numerator()[1] = 5;
    assertThat(f.value(3)).isEqualTo(3);
  }

  @Test
  void errorFunctionToTheLastDigits() {
    assertThat(TargetFunctions.erf(0)).isZero();
    assertThat(TargetFunctions.erf(0.5)).isCloseTo(0.5204998778130465, within(4e-16));
    assertThat(TargetFunctions.erf(-1)).isCloseTo(-0.8427007929497149, within(4e-16));
    assertThat(TargetFunctions.erf(3)).isCloseTo(0.9999779095030014, within(1e-15));
    assertThat(TargetFunctions.erf(7)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "gelu, 2.3517",
    "swish, 2.8108",
    "silu, 2.8108",
    "geglu, 0.7152",
    "swishglu, 0.8402",
    "relu, 2.0000",
    "leaky_relu, 1.9998",
    "leaky_relu_0.1, 1.9802",
    "erfc_Softplus_2, 12.105",
  })
  void gainsOfTheTrueFunctions(String target, double alpha) {
    assertThat(1 / StandardNormal.secondMoment(TargetFunctions.named(target)))
        .isCloseTo(alpha, within(alpha > 10 ? 6e-4 : 6e-5));
  }
}
