package org.kat4j.lab.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The worked numbers of sheet 00, sections 4 and 5. */
class StatisticsTest {
  private static final double[] DIFFERENCES = {0.4, 0.2, 0.5, 0.1, 0.4};

  @Test
  void pairedTest() {
    PairedT test = PairedT.of(DIFFERENCES, 0);
    assertThat(test.sample().mean()).isCloseTo(0.32, within(1e-12));
    assertThat(test.sample().sd()).isCloseTo(0.164317, within(5e-7));
    assertThat(test.t()).isCloseTo(4.354648, within(5e-7));
    assertThat(test.p()).isCloseTo(0.012113, within(5e-7));
    assertThat(PairedT.ofFolds(DIFFERENCES, 0, 0.25).t()).isCloseTo(2.903099, within(5e-7));
  }

  @Test
  void quantilesOfStudent() {
    double[][] table = {
      {2, 4.3027, 9.9248}, {4, 2.7764, 4.6041}, {9, 2.2622, 3.2498}, {19, 2.0930, 2.8609}
    };
    for (double[] row : table) {
      double[] unit = new double[(int) row[0] + 1]; // mean 0, so that the interval is t sd / sqrt k
      unit[0] = 1;
      unit[1] = -1;
      PairedT test = PairedT.of(unit, 0);
      assertThat(test.interval(0.95).high() / test.standardError()).isCloseTo(row[1], within(5e-5));
      assertThat(test.interval(0.99).high() / test.standardError()).isCloseTo(row[2], within(5e-5));
    }
  }

  @Test
  void intervalExcludesZeroExactlyWhenTheTestDoes() {
    PairedT test = PairedT.of(DIFFERENCES, 0);
    assertThat(test.interval(1 - test.p()).low()).isCloseTo(0, within(1e-9));
    assertThat(test.interval(0.95).contains(0)).isFalse();
    assertThat(test.interval(0.99).contains(0)).isTrue();
  }

  @Test
  void equivalenceNeedsAMarginThatTheIntervalFitsIn() {
    // TOST at 5 % agrees with the 90 % interval, here 0.32 -+ 2.1318 * 0.073485 = [0.163, 0.477].
    assertThat(PairedT.equivalence(DIFFERENCES, 0.48)).isLessThan(0.05);
    assertThat(PairedT.equivalence(DIFFERENCES, 0.47)).isGreaterThan(0.05);
  }

  @Test
  void oneDifferenceIsNoTest() {
    assertThatThrownBy(() -> PairedT.of(new double[] {1}, 0)).hasMessageContaining("at least 2");
  }

  @Test
  void allAlikeIsCertain() {
    PairedT same = PairedT.of(new double[] {0.5, 0.5, 0.5}, 0);
    assertThat(same.p()).isZero();
    assertThat(same.interval(0.95)).isEqualTo(new Interval(0.5, 0.5));
    assertThat(PairedT.of(new double[] {0, 0, 0}, 0).p()).isOne();
  }

  @Test
  void signedRankOfFiveCannotReachFivePercent() {
    assertThat(SignedRank.p(0.4, 0.2, 0.5, 0.1, 0.3)).isCloseTo(0.0625, within(1e-12));
    assertThat(SignedRank.p(0.4, 0.2, 0.5, 0.1, 0.3, 0.6)).isCloseTo(0.03125, within(1e-12));
    assertThat(SignedRank.p(0, 0)).isOne();
  }

  @Test
  void mcNemar() {
    assertThat(McNemar.exact(25, 10)).isCloseTo(0.016674, within(5e-7));
    assertThat(McNemar.approximate(25, 10)).isCloseTo(0.011230, within(5e-7));
    assertThat(McNemar.exact(6, 1)).isCloseTo(0.125, within(1e-12));
    assertThat(McNemar.exact(5, 0)).isCloseTo(0.0625, within(1e-12));
    assertThat(McNemar.exact(10, 25)).isEqualTo(McNemar.exact(25, 10));
    assertThat(McNemar.exact(0, 0)).isOne();
  }

  @Test
  void adjustedForManyTests() {
    assertThat(ManyTests.bonferroni(0.012, 0.03, 0.04))
        .containsExactly(new double[] {0.036, 0.09, 0.12}, within(1e-12));
    assertThat(ManyTests.holm(0.012, 0.03, 0.04))
        .containsExactly(new double[] {0.036, 0.06, 0.06}, within(1e-12));
    assertThat(ManyTests.holm(0.04, 0.012, 0.03)) // in the order that was given
        .containsExactly(new double[] {0.06, 0.036, 0.06}, within(1e-12));
  }

  @Test
  void bootstrapOfTheMean() {
    double[] sample = new double[40];
    Arrays.setAll(sample, i -> Math.exp(i / 10.0)); // skewed to the right
    Bootstrap bootstrap = Bootstrap.of(sample, x -> Sample.of(x).mean(), 10_000, 1);
    Interval percentile = bootstrap.percentile(0.95);
    assertThat(percentile.contains(Sample.of(sample).mean())).isTrue();
    // The resamples' deviation is sd / sqrt(n) sqrt((n - 1) / n), up to 1 / sqrt(2 B).
    double expected = Sample.of(sample).sd() / Math.sqrt(40) * Math.sqrt(39.0 / 40);
    assertThat(Sample.of(bootstrap.resampled()).sd()).isCloseTo(expected, within(0.03 * expected));
    assertThat(bootstrap.bca(0.95).high()).isGreaterThan(percentile.high()); // follows the skew
    assertThat(Bootstrap.of(sample, x -> Sample.of(x).mean(), 10_000, 1).bca(0.95))
        .isEqualTo(bootstrap.bca(0.95));
  }

  @Test
  void bootstrapOfIdenticalModelsContainsZero() {
    Bootstrap same = Bootstrap.of(new double[20], x -> Sample.of(x).mean(), 1000, 1);
    assertThat(same.bca(0.95)).isEqualTo(new Interval(0, 0));
  }
}
