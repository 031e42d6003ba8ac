package org.kat4j.explain.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FitSuiteTest {
  /** The rows of sheet 00; sampling refuses a function that is not finite in its ranges. */
  @ParameterizedTest
  @CsvSource({"toy,5", "special,15", "feynman,14"})
  void everyRowCanBeSampled(String name, int rows) {
    List<FitSuite.Row> suite = FitSuite.named(name);
    assertThat(suite).hasSize(rows);
    for (FitSuite.Row row : suite) {
      FitData data = row.data(100, 0);
      assertThat(data.deviation()).as(row.name()).isPositive();
      assertThat(row.features()).as(row.name()).hasSameSizeAs(row.ranges()).doesNotHaveDuplicates();
    }
  }

  @Test
  void toysAreWhatTheyAreCalled() {
    List<FitSuite.Row> toy = FitSuite.named("toy");
    // The first zero of J0.
    assertThat(toy.get(0).function().applyAsDouble(new double[] {-2.404825557695773 / 20}))
        .isCloseTo(0, within(1e-12));
    double[] halves = new double[100];
    Arrays.fill(halves, 0.5); // sin^2(pi / 4) = 1 / 2
    assertThat(toy.get(3).function().applyAsDouble(halves)).isCloseTo(Math.exp(0.5), within(1e-14));
  }
}
