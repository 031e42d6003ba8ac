package org.kat4j.tables.explanation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.kat4j.data.RandomStream;
import org.kat4j.tables.model.Predictor;

/** Worked examples of sheets 14 and 00. */
class ExplanationTest {
  private static Predictor of(ToDoubleFunction<double[]> f) {
    return x ->
        Arrays.stream(x).map(row -> new double[] {f.applyAsDouble(row)}).toArray(double[][]::new);
  }

  @Test
  void shapleyValuesOfTheSheet() {
    Predictor f = of(x -> x[0] + 2 * x[1] + x[0] * x[2]);
    KernelShap shap = KernelShap.of(f, 0, new double[] {1, 1, 1}, new double[][] {{0, 0, 0}}, 0, 1);
    assertThat(shap.exact()).isTrue();
    assertThat(shap.shares()).containsExactly(new double[] {1.5, 2, .5}, within(1e-10));
    assertThat(KernelShap.weight(3, 1)).isCloseTo(1 / 3.0, within(1e-12));
    assertThat(KernelShap.weight(3, 2)).isCloseTo(1 / 3.0, within(1e-12));
  }

  @Test
  void sharesSumToTheDifference() {
    Predictor f = of(x -> Math.sin(x[0]) * x[1] + x[2] * x[3]);
    double[][] background = {{0, 1, 2, 0}, {1, 0, 1, 3}, {2, 2, 0, 1}};
    double[] row = {.3, .7, 1.5, -2};
    KernelShap shap = KernelShap.of(f, 0, row, background, 0, 1);
    double base =
        Arrays.stream(f.predict(background)).mapToDouble(p -> p[0]).average().orElseThrow();
    assertThat(shap.base()).isCloseTo(base, within(1e-12));
    assertThat(Arrays.stream(shap.shares()).sum())
        .isCloseTo(f.predict(new double[][] {row})[0][0] - base, within(1e-10));
  }

  /** Of an additive function the shares are known, and any sample of coalitions finds them. */
  @Test
  void manyFeaturesAreSampled() {
    Predictor f =
        of(x -> {
          double sum = 0;
          for (int j = 0; j < x.length; j++) {
            sum += (j + 1) * x[j];
          }
          return sum;
        });
    double[] row = new double[15];
    Arrays.fill(row, 1);
    KernelShap shap = KernelShap.of(f, 0, row, new double[][] {new double[15]}, 400, 1);
    assertThat(shap.exact()).isFalse();
    for (int j = 0; j < 15; j++) {
      assertThat(shap.shares()[j]).isCloseTo(j + 1, within(1e-6)); // the ridge of 1e-9 shrinks
    }
  }

  @Test
  void limeFindsALineAndSaysWhereThereIsNone() {
    double[] deviations = {1, 2, 1};
    Predictor line = of(x -> 3 * x[0] - x[1] + 5);
    Lime lime = Lime.of(line, 0, new double[] {1, 1, 1}, deviations, 2000, 1);
    // The penalty of 1 against a sum of weights of some hundreds: below 1 %.
    assertThat(lime.effects()).containsExactly(new double[] {3, -2, 0}, within(0.03));
    assertThat(lime.intercept()).isCloseTo(7, within(0.03));
    assertThat(lime.fit()).isGreaterThan(0.999);
    Lime wave = Lime.of(of(x -> Math.sin(9 * x[0])), 0, new double[3], deviations, 2000, 1);
    assertThat(wave.fit()).isLessThan(0.5);
  }

  @Test
  void quantilesOfTheSheets() {
    double[] scores = {.05, .1, .2, .3, .4, .5, .6, .7, .9};
    assertThat(Conformal.quantile(scores, .2)).isEqualTo(.7);
    assertThat(Conformal.quantile(scores, .05)).isInfinite();
    assertThat(Conformal.quantile(new double[] {.05, .1, .15, .2, .3, .4, .5, .6, .9}, .2))
        .isEqualTo(.6);
    assertThat(Conformal.pValue(scores, .65)).isCloseTo(.3, within(1e-12));
  }

  /** Coverage on exchangeable rows lies in [1 - alpha, 1 - alpha + 1 / (n + 1)] on average. */
  @Test
  void coverageIsWhatIsPromised() {
    RandomStream random = RandomStream.of(4);
    int n = 39;
    double alpha = 0.1;
    double coverage = 0;
    double ofPositives = 0;
    int draws = 1000;
    for (int draw = 0; draw < draws; draw++) {
      Sample calibration = Sample.drawn(n, random);
      Sample test = Sample.drawn(50, random);
      coverage +=
          Conformal.marginal(calibration.p, calibration.y, alpha).quality(test.p, test.y).coverage()
              / draws;
      ofPositives +=
          Conformal.byClass(calibration.p, calibration.y, alpha)
                  .quality(test.p, test.y)
                  .coverageOfClass()[1]
              / draws;
    }
    // Standard error: sqrt(0.09 (1 / 50 + 1 / 40) / 1000) = 0.002; three of them.
    assertThat(coverage).isBetween(0.9 - 0.006, 0.9 + 1.0 / (n + 1) + 0.006);
    assertThat(ofPositives).isGreaterThan(0.9 - 0.006);
  }

  @Test
  void tooFewRowsGiveFullSets() {
    Conformal conformal = Conformal.marginal(new double[][] {{.2, .8}}, new double[] {1}, 0.1);
    assertThat(conformal.set(new double[] {.99, .01})).containsExactly(true, true);
  }

  private record Sample(double[][] p, double[] y) {
    static Sample drawn(int n, RandomStream random) {
      double[][] p = new double[n][2];
      double[] y = new double[n];
      for (int i = 0; i < n; i++) {
        p[i][1] = random.nextDouble();
        p[i][0] = 1 - p[i][1];
        y[i] = random.nextDouble() < p[i][1] * p[i][1] ? 1 : 0; // not calibrated, on purpose
      }
      return new Sample(p, y);
    }
  }
}
