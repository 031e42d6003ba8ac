package org.kat4j.explain.symbolic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.explain.symbolic.Expression.Call;
import org.kat4j.explain.symbolic.Expression.Constant;
import org.kat4j.explain.symbolic.Expression.Power;
import org.kat4j.explain.symbolic.Expression.Product;
import org.kat4j.explain.symbolic.Expression.Sum;
import org.kat4j.explain.symbolic.Expression.Variable;
import org.kat4j.function.kan.SymbolicFunction;

class NotationTest {
  private static final List<String> NAMES = List.of("x", "y");
  private static final double[][] PLACES = {
    {0.7, 1.3}, {-0.7, 1.3}, {2.1, -0.4}, {-1.6, -2.2}, {0.05, 3}, {5, 0.3}
  };

  /** Values of places this close differ by less than {@link #SAME}, or the place says nothing. */
  private static final double STEP = 1e-11;

  private static final double SAME = 1e-7;

  private static Expression read(String text) {
    return FormulaParser.parse(text, NAMES);
  }

  static Stream<Random> seeds() {
    return IntStream.range(0, 3000).mapToObj(Random::new);
  }

  /** Trees of every kind, simplified or not, are read again as what they were. */
  @Test
  void printedExpressionsAreReadAsTheSameFunction() {
    int compared = 0;
    for (Random random : seeds().toList()) {
      Expression given = expression(random, 4, random.nextBoolean());
      for (double[] place : PLACES) {
        double value = given.at(place);
        double beside = given.at(place[0] * (1 + STEP), place[1] * (1 - STEP));
        double allowed = SAME * Math.max(1e-3, Math.abs(value));
        if (Double.isFinite(value) && Math.abs(value - beside) < allowed / 10) {
          String text = Notation.TEXT.of(given);
          assertThat(read(text).at(place))
              .as("%s from %s", text, given)
              .isBetween(value - allowed, value + allowed);
          compared++;
        }
      }
    }
    assertThat(compared).isGreaterThan(3000);
  }

  /** What is read is simplified: printing and reading it changes nothing more. */
  @ParameterizedTest
  @CsvSource({
    "x^(pi/2)",
    "(pi/2)^x",
    "x^(2*pi)",
    "x^-(pi/3)",
    "(-2)^3*x",
    "x/(pi/2)",
    "1/(x*y)",
    "x/(y/2)",
    "(x^2)^1.5",
    "((x+1)^2)^y",
    "exp(x)^2",
    "sqrt(x^2)",
    "1e-7*x^1e-7",
    "x - (y - 1)"
  })
  void whatIsReadKeepsItsValue(String text) {
    Expression once = read(text);
    Expression twice = read(Notation.TEXT.of(once));
    for (double[] place : PLACES) {
      double value = once.at(place);
      if (Double.isFinite(value)) {
        assertThat(twice.at(place)).as(text).isBetween(value - 1e-12, value + 1e-12);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "exp(-x^2); e^{-x^{2}}",
        "exp(x)^y; e^{y \\, x}",
        "sin(x)^2; \\left(\\sin\\left(x\\right)\\right)^{2}",
        "x^(pi/2); x^{\\frac{\\pi}{2}}",
        "abs(x)^3; \\left|x\\right|^{3}"
      })
  void latex(String text, String latex) {
    assertThat(Notation.LATEX.of(read(text))).isEqualTo(latex);
  }

  @Test
  void logarithmsInExponentsArePowers() {
    assertThat(Notation.TEXT.of(read("exp(log(x)-log(y))"))).isEqualTo("x/y");
    assertThat(Notation.TEXT.of(read("0.5*exp(log(x)+2*log(y))"))).isEqualTo("0.5*x*y^2");
    assertThat(Notation.TEXT.of(read("x*y-y*x"))).isEqualTo("0");
  }

  @Test
  void namesThatNoFormulaCanHoldGetStandIns() {
    Symbols symbols =
        Symbols.of(List.of("x 1", "pi", "a", "x_4", "Sin", "größe", "1st", "", "a-b"));
    assertThat(symbols.names())
        .containsExactly("x_1", "x_2", "a", "x_4", "x_5", "größe", "x_7", "x_8", "x_9")
        .allMatch(FormulaParser::isName);
    assertThat(symbols.legend()).containsEntry("x_1", "x 1").hasSize(6);
    assertThat(Symbols.of(List.of("a b", "x_1")).names()).containsExactly("xx_1", "x_1");
  }

  /** As {@link Algebra} builds it, or as it comes. */
  private static Expression expression(Random random, int depth, boolean simple) {
    int kind = random.nextInt(depth == 0 ? 2 : 6);
    return switch (kind) {
      case 0 -> new Constant(constant(random));
      case 1 -> random.nextBoolean() ? new Variable("x", 0) : new Variable("y", 1);
      case 2 -> {
        List<Expression> terms = several(random, depth, simple);
        yield simple ? Algebra.sum(terms) : new Sum(terms);
      }
      case 3 -> {
        List<Expression> factors = several(random, depth, simple);
        yield simple ? Algebra.product(factors) : new Product(factors);
      }
      case 4 -> {
        Expression base = expression(random, depth - 1, simple);
        double exponent = exponent(random);
        yield simple ? Algebra.power(base, exponent) : new Power(base, exponent);
      }
      default -> {
        Expression x = expression(random, depth - 1, simple);
        SymbolicFunction f = function(random);
        yield simple ? Algebra.call(f, x) : new Call(f, x);
      }
    };
  }

  private static List<Expression> several(Random random, int depth, boolean simple) {
    return Stream.generate(() -> expression(random, depth - 1, simple))
        .limit(1 + random.nextInt(3))
        .toList();
  }

  private static SymbolicFunction function(Random random) {
    SymbolicFunction[] all = SymbolicFunction.values();
    return all[random.nextInt(all.length)];
  }

  private static double constant(Random random) {
    double[] some = {
      1,
      -1,
      2,
      -3,
      0.5,
      -0.1,
      Math.PI,
      -Math.PI,
      Math.PI / 2,
      -2 * Math.PI / 3,
      Math.E,
      1e-7,
      -3.5e-5,
      1.5e9,
      123456
    };
    int choice = random.nextInt(some.length + 2);
    return choice < some.length ? some[choice] : 3 * random.nextGaussian();
  }

  private static double exponent(Random random) {
    double[] some = {
      2, 3, -1, -2, 0.5, -0.5, 1.5, Math.PI / 2, -Math.PI, 1.0 / 3, -1e-5, 4, 0.25, 1, -1.5
    };
    return some[random.nextInt(some.length)];
  }
}
