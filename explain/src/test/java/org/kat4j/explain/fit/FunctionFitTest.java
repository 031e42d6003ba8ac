package org.kat4j.explain.fit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class FunctionFitTest {
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
    assertThat(result.formulaTestError()).isLessThan(1e-8);
    assertThat(result.formula().orElseThrow().text()).isEqualTo("exp(sin(pi*x) + y^2)");
  }
}
