package org.kat4j.explain.symbolic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.error.UserException;

class FormulaTest {
  private static final List<String> NAMES = List.of("x", "y");

  private static Expression parse(String text) {
    return FormulaParser.parse(text, NAMES);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "exp(sin(pi*x)+y^2); exp(sin(pi*x) + y^2)",
        "2*x+3*x-y*0; 5*x",
        "x*x/y; x^2/y",
        "exp(x+log(2)); 2*exp(x)",
        "sin(x+pi/2); cos(x)",
        "sin(-x); -sin(x)",
        "(2*x+4)^2; 4*(x + 2)^2",
        "1/(1+x*y); 1/(x*y + 1)"
      })
  void simplifiesAndPrints(String given, String simple) {
    assertThat(Notation.TEXT.of(parse(given))).isEqualTo(simple);
  }

  /** What is printed is read again as the same function. */
  @ParameterizedTest
  @CsvSource({
    "-x^2-y^-2",
    "2^x**2",
    "sqrt(x)/(x+y)^1.5",
    "tanh(3-x)*arcsin(x/2)",
    "cos(x-2)*gaussian(y)",
    "1e-3*x - -2/(3*y)"
  })
  void printedFormulasAreTheSameFunction(String given) {
    Expression again = parse(Notation.TEXT.of(parse(given)));
    assertThat(again.at(0.7, 1.3)).isCloseTo(parse(given).at(0.7, 1.3), within(1e-13));
  }

  @Test
  void values() {
    assertThat(parse("-x^2").at(3, 0)).isEqualTo(-9);
    assertThat(parse("2**3**2").at(0, 0)).isEqualTo(512);
    assertThat(parse("cos(x-2)").at(0.3, 0)).isCloseTo(Math.cos(-1.7), within(1e-15));
  }

  /** As where two nodes share one's work: the factors add up to 1 only after rounding. */
  @Test
  void termsThatBecomeEqualAreRecognisedAsOne() {
    Expression fitted =
        parse("0.9941822694529853*exp(1.00000002*x)+0.005817730547011804*exp(0.9999999*x)");
    double[][] rows = {{-1, 0}, {-0.3, 0}, {0.4, 0}, {1, 0}};
    double[] targets = {Math.exp(-1), Math.exp(-0.3), Math.exp(0.4), Math.exp(1)};
    var box = new Box(new double[] {-1, 0}, new double[] {1, 1});
    assertThat(Formula.of(fitted, new Samples(rows, targets), box).getFirst().text())
        .isEqualTo("exp(x)");
  }

  @Test
  void latex() {
    assertThat(Notation.LATEX.of(parse("exp(sin(pi*x)+y^2)")))
        .isEqualTo("e^{\\sin\\left(\\pi \\, x\\right) + y^{2}}");
  }

  @ParameterizedTest
  @CsvSource({"x+", "(x", "x y", "foo(x)", "sin x", "1.2.3", "z"})
  void mistakesAreNamed(String given) {
    assertThatThrownBy(() -> parse(given)).isInstanceOf(UserException.class);
  }

  @Test
  void hostileFormulasAreRefused() {
    assertThatThrownBy(() -> parse("(".repeat(1000))).hasMessageContaining("deep");
    assertThatThrownBy(() -> parse("x".repeat(50_000))).hasMessageContaining("characters");
  }

  @Test
  void constantsAreRecognised() {
    assertThat(Rounding.recognised(3.1415927, 1e-6)).isEqualTo(Math.PI);
    assertThat(Rounding.recognised(0.4999999, 1e-6)).isEqualTo(0.5);
    assertThat(Rounding.recognised(0.123456, 1e-6)).isEqualTo(0.123456);
  }

  @Test
  void curvesAreRecognised() {
    double[] x = new double[200];
    double[] y = new double[200];
    for (int i = 0; i < x.length; i++) {
      x[i] = -1 + i / 100.0;
      y[i] = 3 * Math.sin(4 * x[i] + 0.5) - 1;
    }
    FormSearch.Candidate best = FormSearch.all().of(x, y).getFirst();
    assertThat(best.rSquared()).isGreaterThan(1 - 1e-10);
    assertThat(best.form().at(0.37)).isCloseTo(3 * Math.sin(4 * 0.37 + 0.5) - 1, within(1e-6));
  }
}
