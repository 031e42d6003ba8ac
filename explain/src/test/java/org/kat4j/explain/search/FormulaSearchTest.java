package org.kat4j.explain.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.explain.symbolic.Box;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.explain.symbolic.Formula;
import org.kat4j.explain.symbolic.FormulaParser;
import org.kat4j.explain.symbolic.Samples;

class FormulaSearchTest {
  private static final int ROWS = 200;

  private static Samples samples(Box box, ToDoubleFunction<double[]> f, Random random, int rows) {
    double[][] inputs =
        IntStream.range(0, rows)
            .mapToObj(_ ->
                IntStream.range(0, box.low().length)
                    .mapToDouble(j -> random.nextDouble(box.low()[j], box.high()[j]))
                    .toArray())
            .toArray(double[][]::new);
    return Samples.of(inputs, f);
  }

  private static Task task(List<String> names, Box box, ToDoubleFunction<double[]> f, long seed) {
    var random = new Random(seed);
    return new Task(names, box, samples(box, f, random, ROWS), samples(box, f, random, ROWS / 2));
  }

  private static Found best(Task task) {
    List<Found> found = FormulaSearch.of(task);
    assertThat(found)
        .as("defined in the whole box")
        .allMatch(one -> task.box().holds(one.formula().expression(), task.train().inputs()))
        .allMatch(one -> task.box().holds(one.formula().shown(), task.train().inputs()));
    return Choice.of(found, task).orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({
    "x^2",
    "x^3",
    "3*x + 2",
    "sin(x)",
    "exp(x)",
    "x",
    "1/(x + 3)",
    "sqrt(x + 3)",
    "abs(x)",
    "tanh(2*x)",
    "exp(-x)",
    "x^3 - x",
    "3*sin(5*x + 0.4) - 2",
    "exp(sin(x))"
  })
  void ofOneVariable(String formula) {
    var box = new Box(new double[] {-2}, new double[] {2});
    Expression truth = FormulaParser.parse(formula, List.of("x"));
    for (long seed = 0; seed < 2; seed++) {
      Found found = best(task(List.of("x"), box, truth::at, seed));
      assertThat(found.formula().text()).isEqualTo(formula);
      assertThat(found.validationError()).isLessThan(1e-9);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "x*y",
    "x/y",
    "0.5*x*y^2",
    "sqrt(x^2 + y^2)",
    "1/(x*y + 3)",
    "x*log(y)",
    "exp(sin(pi*x) + y^2)",
    "sin(2*x + 3*y)",
    "a/y - a",
    "sin(3*x) + 0.5*a^2 + log(y)",
    "x*y*a"
  })
  void ofSeveralVariables(String formula) {
    List<String> names = List.of("x", "y", "a").subList(0, formula.contains("a") ? 3 : 2);
    var box = new Box(new double[] {-1, 0.5, -1}, new double[] {1, 2, 1});
    box = new Box(Arrays.copyOf(box.low(), names.size()), Arrays.copyOf(box.high(), names.size()));
    Expression truth = FormulaParser.parse(formula, names);
    Task task = task(names, box, truth::at, 0);
    Found found = best(task);
    assertThat(found.validationError()).as(found.formula().text()).isLessThan(1e-9);
    Expression again = FormulaParser.parse(found.formula().shortText(), names);
    assertThat(Formula.error(again, task.validation())).isLessThan(1e-9);
  }

  /** Noise is not explained, and hides no constants. */
  @Test
  void noiseIsLeftAlone() {
    var box = new Box(new double[] {-1, -1}, new double[] {1, 1});
    var noise = new Random(7);
    Task task =
        task(
            List.of("x", "y"),
            box,
            row -> 2 * row[0] - 3 * row[1] + 1 + 0.1 * noise.nextGaussian(),
            3);
    Found found = best(task);
    assertThat(found.formula().text()).isEqualTo("2*x - 3*y + 1");
    assertThat(found.validationError()).isCloseTo(0.1, within(0.03));
  }

  /** Of 1/x nothing is left that exists at 0. */
  @Test
  void nothingIsUndefinedInItsBox() {
    var box = new Box(new double[] {-1}, new double[] {1});
    Expression pole = FormulaParser.parse("1/x", List.of("x"));
    assertThat(box.holds(pole, new double[][] {{0.3}})).isFalse();
    assertThat(box.holds(FormulaParser.parse("sqrt(x+0.999)", List.of("x")), new double[0][]))
        .isFalse();
    assertThat(box.holds(FormulaParser.parse("tan(3*x)", List.of("x")), new double[0][])).isFalse();
    assertThat(box.holds(FormulaParser.parse("sqrt(x+1)", List.of("x")), new double[0][])).isTrue();
    for (Found found : FormulaSearch.of(task(List.of("x"), box, pole::at, 0))) {
      assertThat(found.formula().expression().at(0)).isFinite();
    }
  }
}
