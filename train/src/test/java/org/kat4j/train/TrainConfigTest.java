package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.task.image.ImageMeter;

class TrainConfigTest {
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void yamlComesBackEqual(boolean wholeRecipe) {
    String[] few = {"task.labelSmoothing=0.05", "task.data.holdOut=0.1", "seed=-7", "device=cpu"};
    TrainConfig config = TinyRun.config(wholeRecipe ? TinyRun.RECIPE : few);
    String yaml = Config.toYaml(config);
    assertThat(Config.bind(Config.parse(yaml, "yaml"), TrainConfig.example(), "yaml"))
        .isEqualTo(config);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          task.labelSmoothing=1       | labelSmoothing = 1.0
          task.labelSmoothing=-0.1    | labelSmoothing = -0.1
          task.labelSmoothing=.nan    | labelSmoothing = NaN
          batchSize=0            | batchSize = 0
          accumulation=0         | accumulation = 0
          schedule.epochs=0      | schedule: epochs = 0
          schedule.minLr=-1      | schedule: minLr = -1.0
          task.data.holdOut=1         | data: holdOut = 1.0
          batchSize=2.5          | batchSize = 2.5: a whole number is expected
          task.labelSmoothing=much    | labelSmoothing = much: a number is expected
          task.labelSmothing=0.1      | labelSmoothing
          schedule.epoch=3       | epochs
          model.widht=3          | width
          layerDecay=0           | layerDecay = 0.0
          clipMode=norms         | one of norm, value, agc is expected
          ema.decay=1            | ema: decay = 1.0
          task.mixing.mode=all        | one of batch, pair, elem is expected
          task.mixing.probability=2   | mixing: probability = 2.0
          task.data.cropPct=1.5       | data: cropPct = 1.5: at most 1
          task.data.maxBroken=-1      | data: maxBroken = -1
          task.data.interpolation=cubic | one of nearest, box, bilinear
          task.augmentation.randAugment=rand-k9 | "k9" is not known
          task.augmentation.erasing.probability=2 | augmentation.erasing: probability = 2.0
          task.augmentation.repeats=0 | augmentation: repeats = 0
          schedule.decay.kind=stairs | cosine
          task.loss.kind=mse          | cross-entropy
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
    var onUpdates = new Schedule(10, 2, 0.1, 0.5, true);
    assertThat(onUpdates.lr(1.5, 0, 4, Decay.Plateau.Seen.NOTHING)).isEqualTo(0.1);
    assertThat(onUpdates.lr(1.5, 1, 4, Decay.Plateau.Seen.NOTHING))
        .isCloseTo(0.1 + 1.4 / 8, within(1e-12));
    assertThat(onUpdates.lr(1.5, 20, 4, Decay.Plateau.Seen.NOTHING))
        .isCloseTo(1.0, within(1e-12)); // the middle: cos = 0
    assertThat(onUpdates.lr(1.5, 39, 4, Decay.Plateau.Seen.NOTHING))
        .isCloseTo(1 + 0.5 * Math.cos(Math.PI * 9.75 / 10), within(1e-12));
  }

  @Test
  void learningRateStaysWithinAnEpochIfItChangesByEpoch() {
    var byEpoch = new Schedule(10, 2, 0.1, 0.5, false);
    assertThat(byEpoch.lr(1.5, 7, 4, Decay.Plateau.Seen.NOTHING))
        .isEqualTo(byEpoch.lr(1.5, 4, 4, Decay.Plateau.Seen.NOTHING));
    assertThat(byEpoch.lr(1.5, 4, 4, Decay.Plateau.Seen.NOTHING)).isCloseTo(0.8, within(1e-12));
    assertThat(byEpoch.lr(1.5, 20, 4, Decay.Plateau.Seen.NOTHING)).isCloseTo(1.0, within(1e-12));
  }

  private static double lr(Schedule schedule, long update, Decay.Plateau.Seen seen) {
    return schedule.lr(1, update, 4, seen);
  }

  @Test
  void stepsAfterTheWarmUp() {
    var steps = new Schedule(10, 2, 0.1, 0, false, false, new Decay.Step(3, 0.5));
    Decay.Plateau.Seen unused = Decay.Plateau.Seen.NOTHING;
    assertThat(lr(steps, 4, unused)).isCloseTo(0.55, within(1e-12)); // epoch 1, still warming up
    assertThat(lr(steps, 2 * 4, unused)).isEqualTo(1);
    assertThat(lr(steps, 3 * 4, unused)).isEqualTo(0.5);
    assertThat(lr(steps, 9 * 4 + 3, unused)).isEqualTo(0.125);
    assertThat(steps.totalEpochs()).isEqualTo(10);
    var onTop = new Schedule(10, 2, 0.1, 0, false, true, new Decay.Step(3, 0.5));
    assertThat(lr(onTop, 4 * 4, unused)).isEqualTo(1); // 2 epochs behind the warm-up
    assertThat(lr(onTop, 5 * 4, unused)).isEqualTo(0.5);
    assertThat(onTop.totalEpochs()).isEqualTo(12);
  }

  /** As PyTorch's ReduceLROnPlateau with patience 1: the second epoch without growth lowers. */
  @Test
  void plateausLowerTheRate() {
    var schedule =
        new Schedule(10, 1, 0.1, 0.3, false, false, new Decay.Plateau(1, 0.5, 1e-4, false));
    Decay.Plateau.Seen seen = Decay.Plateau.Seen.NOTHING;
    double[] top1 = {90, 50, 60, 60.001, 60, 60, 60};
    double[] expected = {1, 1, 1, 1, 0.5, 0.5, 0.3};
    for (int epoch = 0; epoch < top1.length; epoch++) {
      seen =
          schedule.after(seen, epoch + 1, top1[epoch], ImageMeter.TOP1); // the first one is warm-up
      assertThat(lr(schedule, 4L * (epoch + 1), seen))
          .as("epoch %d", epoch)
          .isEqualTo(expected[epoch]);
    }
  }
}
