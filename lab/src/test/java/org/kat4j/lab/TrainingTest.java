package org.kat4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.channel.GatedMlp;
import org.kat4j.config.Records;
import org.kat4j.data.text.CharacterTokenizer;
import org.kat4j.error.DivergedException;
import org.kat4j.function.Activation;
import org.kat4j.lab.language.Texts;
import org.kat4j.lab.network.Function;
import org.kat4j.lab.network.Networks;
import org.kat4j.model.CausalTransformer;
import org.kat4j.model.Perceptron;
import org.kat4j.task.language.Language;
import org.kat4j.torch.Device;
import org.kat4j.train.Decay;

class TrainingTest {
  private static final Workplace CPU = new Workplace(Device.CPU, null);
  private static final Function LINE = new Function("2 x", 1, -1, 1, x -> 2 * x[0]);

  @TempDir private Path folder;

  private Trial trial(Arm arm, double rate, boolean last) {
    return new Trial(arm, rate, 3, last, CPU, folder);
  }

  @Test
  void rowsAreLearntAndTestRowsAreLookedAtInTheLastTrialOnly() {
    Training training = Training.adam(100, Training.ALL, new Decay.Cosine());
    Arm arm = Networks.arm("line", new Perceptron.Spec(1, 1, List.of(), Activation.GELU, false));
    assertThat(arm.parameters()).isEqualTo(2);
    Experiment experiment = training.on(_ -> LINE.rows(50, 20)).open(CPU);
    Measured found = experiment.body().run(trial(arm, 0.1, true));
    assertThat(found.steps()).isEqualTo(100);
    assertThat(found.curve()).hasSize(25);
    assertThat(found.curve().getFirst().validation()).isGreaterThan(found.validation());
    assertThat(found.test()).isLessThan(0.05);
    Measured tuning = experiment.body().run(trial(arm, 0.1, false));
    assertThat(tuning.test()).isNaN();
    assertThat(tuning.validation()).isEqualTo(found.validation());
  }

  @Test
  void everythingButTheTrialsOwnDeterminesATrial() {
    Training training = Training.adam(5, 8, new Decay.Constant());
    String text = training.on(_ -> LINE.rows(50, 20)).open(CPU).determinedBy();
    assertThat(training.on(_ -> LINE.rows(50, 20)).open(CPU).determinedBy()).isEqualTo(text);
    assertThat(
            training.with(Map.of("seed", 9L)).on(_ -> LINE.rows(50, 20)).open(CPU).determinedBy())
        .isEqualTo(text);
    assertThat(training.on(_ -> LINE.rows(51, 20)).open(CPU).determinedBy()).isNotEqualTo(text);
    Training other = training.with(Map.of("batchSize", 9));
    assertThat(other.on(_ -> LINE.rows(50, 20)).open(CPU).determinedBy()).isNotEqualTo(text);
  }

  @Test
  void aTrialThatComesToNothingSaysSo() {
    Training training = Training.adam(5, Training.ALL, new Decay.Constant());
    Arm arm = Networks.arm("wild", Networks.perceptron(1, 4, 1, Activation.SILU));
    Experiment experiment = training.on(_ -> LINE.rows(50, 20)).open(CPU);
    assertThatThrownBy(() -> experiment.body().run(trial(arm, 1e30, true)))
        .isInstanceOf(DivergedException.class)
        .hasMessageContaining("in epoch");
  }

  /** Each letter follows from the one before it: there is nothing to be unsure of. */
  @Test
  void aTextIsLearnt() throws IOException {
    Path text = Files.writeString(folder.resolve("letters.txt"), "abcd".repeat(500));
    var task = new Language.Spec(text.toString(), new CharacterTokenizer.Spec(), 8, 30, 0.05);
    Training training =
        Training.adam(4, 8, new Decay.Constant()).with(Map.of("task", task, "clipNorm", 1.0));
    var model =
        Records.with(
            CausalTransformer.Spec.example().with(4, 8),
            Map.of(
                "depth",
                1,
                "channelMixer",
                GatedMlp.Spec.example(),
                "tiedHead",
                false,
                "start",
                CausalTransformer.Start.SMALL));
    Experiment experiment = training.on(place -> Texts.open(task, place)).open(CPU);
    Measured found = experiment.body().run(trial(Arm.of("gated", "", model), 1e-2, true));
    assertThat(found.steps()).isEqualTo(120);
    assertThat(found.curve()).hasSize(4);
    assertThat(found.test()).isBetween(0.0, 0.1); // log(4) = 1.39 of a guess
  }
}
