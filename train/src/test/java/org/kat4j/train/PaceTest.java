package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PaceTest {
  private long nanos;

  private void seconds(double more) {
    nanos += (long) (more * 1e9);
  }

  @Test
  void evaluationsAndCheckpointsAndOtherEpochsAreNoTraining() {
    Pace pace = new Pace(100, () -> nanos);
    pace.startEpoch();
    seconds(2);
    pace.count(20);
    pace.aside(() -> seconds(50)); // a checkpoint
    seconds(3);
    pace.count(30);
    assertThat(pace.samplesPerSecond()).isEqualTo(10);
    assertThat(pace.secondsLeft(50, 2)).as("no evaluation yet").isEqualTo(5);
    assertThat(
            pace.evaluating(() -> {
              seconds(7);
              return "done";
            }))
        .isEqualTo("done");
    assertThat(pace.samplesPerSecond()).isEqualTo(10);
    seconds(1000); // between epochs
    pace.startEpoch();
    seconds(1);
    pace.count(5);
    assertThat(pace.samplesPerSecond()).isEqualTo(5);
    assertThat(pace.secondsLeft(50, 2)).isEqualTo(10 + 14);
    assertThat(pace.seconds()).isEqualTo(100 + 2 + 50 + 3 + 7 + 1000 + 1);
  }
}
