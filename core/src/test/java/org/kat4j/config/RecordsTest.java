package org.kat4j.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordsTest {
  private record Rate(double lr, int steps) {
    Rate {
      Check.positive("lr", lr);
    }
  }

  @Test
  void theOtherComponentsStay() {
    assertThat(Records.with(new Rate(0.5, 3), Map.of("lr", 0.25))).isEqualTo(new Rate(0.25, 3));
    assertThat(Records.with(new Rate(0.5, 3), Map.of())).isEqualTo(new Rate(0.5, 3));
  }

  @Test
  void whatTheRecordDoesNotHaveOrRefusesIsSaid() {
    Rate rate = new Rate(0.5, 3);
    assertThatThrownBy(() -> Records.with(rate, Map.of("rate", 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Rate has no [rate]");
    assertThatThrownBy(() -> Records.with(rate, Map.of("lr", -1.0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lr");
    assertThatThrownBy(() -> Records.with(rate, Map.of("lr", "fast")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
