package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.config.Config;
import org.kat4j.model.Model;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.StateDict;
import org.kat4j.train.TrainConfig;

/** The recipes of mixers are sound, and their models can be built. */
class MixerRecipesTest {
  static List<Path> recipes() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("../configs/mixers"))) {
      return files.sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void bindsAndBuilds(Path recipe) {
    TrainConfig config = TrainConfig.bind(Config.readTree(recipe), recipe.toString());
    try (Model model = config.model().build(Context.cpu(0).withDevice(Device.META))) {
      assertThat(StateDict.parameterCount(model)).isPositive();
    }
  }
}
