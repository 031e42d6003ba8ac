package org.kat4j.explain.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.kat4j.explain.search.Task;

class FunctionFitTest {
  private static final String PAPER = "exp(sin(pi*x) + y^2)";
  private static final FitData.Range UNIT = new FitData.Range(-1, 1);

  /** The paper's first example, exactly. */
  @Test
  void recoversTheFormulaOfThePaper() {
    FitData data =
        FitData.ofFunction(
            List.of("x", "y"),
            "f",
            List.of(UNIT, UNIT),
            row -> Math.exp(Math.sin(Math.PI * row[0]) + row[1] * row[1]),
            1000,
            0);
    FitResult result = FunctionFit.run(data, FitSettings.example(), FitMonitor.SILENT);
    assertThat(result.network()).as("a formula without a network").isEmpty();
    assertThat(result.formula().orElseThrow().formula().text()).isEqualTo(PAPER);
    assertThat(result.score(result.formula().orElseThrow()).error()).isLessThan(1e-8);

    NetworkFit network = FunctionFit.network(data, FitSettings.example(), FitMonitor.SILENT);
    var task = new Task(data.features(), data.box(), data.train(), data.validation());
    assertThat(NamedNetwork.of(network, task, FitMonitor.SILENT).formulas())
        .as("read off a network")
        .anyMatch(found -> found.formula().text().equals(PAPER));
  }

  /** An input of two values carries little of what the regulariser keeps, and matters. */
  @Test
  void pruningKeepsWhatMatters() {
    var data =
        FitData.ofFunction(
            List.of("a", "f"),
            "y",
            List.of(new FitData.Range(0, 3), UNIT),
            row -> Math.sin(row[0]) + (row[1] > 0 ? 2 : 0),
            60,
            0);
    NetworkFit network =
        FunctionFit.network(
            data, FitSettings.example().withGrids(List.of(3, 5)), FitMonitor.SILENT);
    double error = network.best().validationError();
    assertThat(error).isLessThan(0.3); // without f it is 1
    assertThat(network.edges()).extracting(EdgeCurve::input).contains(0, 1);
  }

  @Test
  void whatIsConstantIsRefused() {
    assertThatThrownBy(() -> FitData.ofFunction(List.of("x"), "f", List.of(UNIT), _ -> 3, 30, 0))
        .hasMessage("the formula is 3 everywhere in its ranges: there is nothing to fit");
  }
}
