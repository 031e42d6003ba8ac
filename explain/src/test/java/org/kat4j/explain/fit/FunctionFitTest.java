package org.kat4j.explain.fit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class FunctionFitTest {
  private static final FitData.Range UNIT = new FitData.Range(-1, 1);

  private static final FitMonitor PRINT =
      new FitMonitor() {
        @Override
        public void progress(String stage, int step, int steps, double error) {
          if (stage.equals("formula"))
            System.out.printf("%s %d/%d %.2e%n", stage, step, steps, error);
        }

        @Override
        public void stage(FitResult.Stage done) {
          System.out.println(done);
        }
      };

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
    FitResult result = FunctionFit.run(data, FitSettings.example(), PRINT);
    System.out.println(result.formula() + " " + result.formulaTestError());
    assertThat(result.formulaTestError()).isLessThan(1e-8);
    assertThat(result.formula().orElseThrow().text()).isEqualTo("exp(sin(pi*x) + y^2)");
  }
}
