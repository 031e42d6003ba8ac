package org.kat4j.bench.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A small helping of {@code kat4j bench fuzz}. */
class FuzzTest {
  private static final int INPUTS = 60;

  static List<String> kinds() {
    return Kinds.names();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void damagedInputsAreReadOrRefusedInOneLine(String kind) {
    Fuzz.Outcome outcome = Fuzz.run(kind, INPUTS, 20261130, 2, _ -> {});
    assertThat(outcome.findings()).isEmpty();
    assertThat(outcome.sound() + outcome.refused()).isEqualTo(INPUTS);
    assertThat(outcome.refused()).as("damage is noticed").isPositive();
    assertThat(outcome.sound()).as("and not all of it hits").isPositive();
  }

  @Test
  void anInputIsAFunctionOfItsNumber() {
    byte[] first = Fuzz.input("csv", 1, 7);
    assertThat(Fuzz.input("csv", 1, 7)).isEqualTo(first);
    assertThat(List.of(8, 9, 10, 11)).anyMatch(i -> !Arrays.equals(Fuzz.input("csv", 1, i), first));
  }
}
