package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;

class TrainConfigTest {
  @Test
  void yamlComesBackEqual() {
    TrainConfig config =
        TinyRun.config("labelSmoothing=0.05", "data.holdOut=0.1", "seed=-7", "device=cpu");
    String yaml = Config.toYaml(config);
    assertThat(Config.bind(Config.parse(yaml, "yaml"), TrainConfig.example(), "yaml"))
        .isEqualTo(config);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          labelSmoothing=1       | labelSmoothing = 1.0
          labelSmoothing=-0.1    | labelSmoothing = -0.1
          labelSmoothing=.nan    | labelSmoothing = NaN
          batchSize=0            | batchSize = 0
          accumulation=0         | accumulation = 0
          schedule.epochs=0      | schedule: epochs = 0
          schedule.minLr=-1      | schedule: minLr = -1.0
          data.holdOut=1         | data: holdOut = 1.0
          batchSize=2.5          | batchSize = 2.5: a whole number is expected
          labelSmoothing=much    | labelSmoothing = much: a number is expected
          labelSmothing=0.1      | labelSmoothing
          schedule.epoch=3       | epochs
          model.widht=3          | width
          """)
  void mistakesNameTheField(String assignment, String message) {
    assertThatThrownBy(() -> TinyRun.config(assignment))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  /** Warm-up is linear; then half a cosine from lr to minLr over the whole of the epochs. */
  @Test
  void learningRateWarmsUpAndFallsAsACosine() {
    var onUpdates = new TrainConfig.Schedule(10, 2, 0.1, 0.5, true);
    assertThat(onUpdates.lr(1.5, 0, 4)).isEqualTo(0.1);
    assertThat(onUpdates.lr(1.5, 1, 4)).isCloseTo(0.1 + 1.4 / 8, within(1e-12));
    assertThat(onUpdates.lr(1.5, 20, 4)).isCloseTo(1.0, within(1e-12)); // the middle: cos = 0
    assertThat(onUpdates.lr(1.5, 39, 4))
        .isCloseTo(1 + 0.5 * Math.cos(Math.PI * 9.75 / 10), within(1e-12));
  }

  @Test
  void learningRateStaysWithinAnEpochIfItChangesByEpoch() {
    var byEpoch = new TrainConfig.Schedule(10, 2, 0.1, 0.5, false);
    assertThat(byEpoch.lr(1.5, 7, 4)).isEqualTo(byEpoch.lr(1.5, 4, 4));
    assertThat(byEpoch.lr(1.5, 4, 4)).isCloseTo(0.8, within(1e-12));
    assertThat(byEpoch.lr(1.5, 20, 4)).isCloseTo(1.0, within(1e-12));
  }
}
