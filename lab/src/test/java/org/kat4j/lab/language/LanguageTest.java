package org.kat4j.lab.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.channel.GatedMlp;
import org.kat4j.error.UserException;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.torch.Device;

class LanguageTest {
  private static final Training TRAINING = new Training("letters", 4, 8, 16, 1, 2, 8, 120, 10);

  @TempDir Path root;

  private Workplace withText(String text) throws IOException {
    Files.createDirectories(root.resolve("letters"));
    Files.writeString(root.resolve("letters/input.txt"), text);
    return new Workplace(Device.CPU, root);
  }

  private Trial trial(Workplace place, boolean last) {
    Arm arm = TRAINING.arm("gated", "", GatedMlp.Spec.example());
    return new Trial(arm, 1e-2, 3, last, place, root);
  }

  @Test
  void textIsCutByPosition() {
    CharacterText text = CharacterText.of("t", "ab".repeat(90) + "ba".repeat(5) + "cc".repeat(5));
    assertThat(text.characters()).isEqualTo(3);
    assertThat(text.train()).hasSize(180).startsWith(0, 1, 0);
    assertThat(text.validation()).containsExactly(1, 0, 1, 0, 1, 0, 1, 0, 1, 0);
    assertThat(text.test()).containsOnly(2).hasSize(10);
    assertThat(text.checksum())
        .isNotEqualTo(CharacterText.of("t", "ab".repeat(95) + "cc".repeat(5)).checksum());
  }

  /** Each letter follows from the one before it: there is nothing to be unsure of. */
  @Test
  void aRepeatedWordIsLearned() throws IOException {
    Workplace place = withText("abcd".repeat(500));
    Measured found = TRAINING.opening().open(place).body().run(trial(place, true));
    assertThat(found.steps()).isEqualTo(120);
    assertThat(found.curve()).hasSize(4);
    assertThat(found.curve().getFirst().validation()).isGreaterThan(found.validation());
    assertThat(found.test()).isBetween(0.0, 0.1); // log(4) = 1.39 of a guess
    Measured again = TRAINING.opening().open(place).body().run(trial(place, false));
    assertThat(again.validation()).isEqualTo(found.validation());
    assertThat(again.test()).isNaN();
  }

  /** A model that saw the next letter would know it; of coins there is log(2) to lose. */
  @Test
  void theFutureIsNotSeen() throws IOException {
    StringBuilder coins = new StringBuilder();
    var random = org.kat4j.data.RandomStream.of(5);
    for (int i = 0; i < 4000; i++) {
      coins.append(random.nextBoolean() ? 'a' : 'b');
    }
    Workplace place = withText(coins + "cd");
    Measured found = TRAINING.opening().open(place).body().run(trial(place, true));
    assertThat(found.validation()).isGreaterThan(0.65);
  }

  @Test
  void whatIsMissingOrDoesNotFitIsNamed() throws IOException {
    assertThatThrownBy(() -> TRAINING.opening().open(new Workplace(Device.CPU, root)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("letters/input.txt");
    Workplace place = withText("abc".repeat(500));
    assertThatThrownBy(() -> TRAINING.opening().open(place))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("3 different characters");
  }
}
