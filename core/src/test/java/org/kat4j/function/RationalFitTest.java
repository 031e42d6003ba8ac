package org.kat4j.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.error.UserException;
import org.kat4j.function.RationalFit.Objective;
import org.kat4j.function.RationalFit.Settings;

class RationalFitTest {
  /** The corrected named sets are what the fit finds: it must find them again. */
  @ParameterizedTest
  @CsvSource({
    "gelu,            6, 3.86e-3",
    "gelu,            3, 2.84e-3",
    "swish,           6, 2.18e-4",
    "swishglu,        3, 2.04e-4",
    "geglu,           3, 2.86e-3",
    "mish,            3, 1.88e-4",
    "erfc_Softplus_2, 3, 3.08e-4",
  })
  void leastSquaresReachesTheKnownErrors(String target, double reach, double error) {
    RationalFit fit = RationalFit.fit(TargetFunctions.named(target), Settings.on(-reach, reach));
    assertThat(fit.maxError()).isLessThan(error);
    assertThat(fit.rootMeanSquareError()).isLessThan(fit.maxError());
  }

  @Test
  void minimaxTradesTheMeanErrorForTheLargest() {
    DoubleUnaryOperator gelu = TargetFunctions.named("gelu");
    RationalFit squares = RationalFit.fit(gelu, Settings.on(-6, 6));
    RationalFit minimax =
        RationalFit.fit(gelu, Settings.on(-6, 6).withObjective(Objective.MINIMAX));
    assertThat(minimax.maxError()).isLessThan(3.1e-3).isLessThan(0.85 * squares.maxError());
    assertThat(minimax.rootMeanSquareError()).isGreaterThan(squares.rootMeanSquareError());
  }

  @Test
  void aRationalFunctionIsFoundAgain() {
    RationalCoefficients truth =
        new RationalCoefficients(new double[] {0.3, -1, 0.5, 0.2}, new double[] {0.4, 0.1});
    RationalFit fit = RationalFit.fit(truth::value, Settings.on(-2, 4).withDegrees(3, 2));
    assertThat(fit.maxError()).isLessThan(1e-9);
    double[] a = fit.coefficients().numerator();
    double[] b = fit.coefficients().denominator();
    assertThat(a).containsExactly(truth.numerator(), within(1e-6));
    assertThat(b).containsExactly(truth.denominator(), within(1e-6));
  }

  @Test
  void allDegreesWorkAndMoreOfThemHelp() {
    DoubleUnaryOperator gelu = TargetFunctions.named("gelu");
    double three = RationalFit.fit(gelu, Settings.on(-3, 3).withDegrees(3, 2)).maxError();
    double five = RationalFit.fit(gelu, Settings.on(-3, 3)).maxError();
    double eight = RationalFit.fit(gelu, Settings.on(-3, 3).withDegrees(8, 8)).maxError();
    assertThat(five).isLessThan(three / 5);
    assertThat(eight).isLessThan(five / 5);
    RationalFit line = RationalFit.fit(x -> 2 * x - 1, Settings.on(0, 1).withDegrees(1, 1));
    assertThat(line.maxError()).isLessThan(1e-12);
  }

  @Test
  void theReportDescribesTheFittedFunction() {
    RationalFit fit = RationalFit.fit(TargetFunctions.named("silu"), Settings.on(-6, 6));
    assertThat(fit.at10()).isEqualTo(fit.coefficients().value(10));
    assertThat(fit.atMinus10()).isEqualTo(fit.coefficients().value(-10));
    assertThat(1 / fit.secondMoment()).isCloseTo(2.8108, within(5e-5));
    assertThat(Arrays.stream(fit.coefficients().denominator())).allMatch(b -> b >= 0);
  }

  @Test
  void theSameSeedGivesTheSameCoefficients() {
    Settings settings = Settings.on(-3, 3).withSeed(7);
    DoubleUnaryOperator mish = TargetFunctions.named("mish");
    assertThat(RationalFit.fit(mish, settings)).isEqualTo(RationalFit.fit(mish, settings));
  }

  @Test
  void wrongSettingsAreNamed() {
    assertThatThrownBy(() -> Settings.on(3, 3))
        .isInstanceOf(UserException.class)
        .hasMessage("interval of the fit is [3.0, 3.0]; needed are two finite numbers, low < high");
    assertThatThrownBy(() -> Settings.on(Double.NaN, 3)).isInstanceOf(UserException.class);
    assertThatThrownBy(() -> Settings.on(-3, 3).withDegrees(5, 0))
        .isInstanceOf(UserException.class)
        .hasMessage("degree of the rational's denominator is 0; allowed is 1 to 8");
    assertThatThrownBy(() -> RationalFit.fit(Math::log, Settings.on(0, 1)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("-Infinity at 0.0");
  }
}
