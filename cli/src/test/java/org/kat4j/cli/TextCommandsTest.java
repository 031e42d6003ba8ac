package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.data.text.ByteTokenizer;
import org.kat4j.model.CausalTransformer;
import org.kat4j.model.Model;
import org.kat4j.model.Perceptron;
import org.kat4j.model.Weights;
import org.kat4j.torch.Context;

/** What commands say to the weights of a language model, and of rows. */
class TextCommandsTest {
  @TempDir private static Path folder = Path.of("");
  private static String text = "";
  private static String rows = "";

  @BeforeAll
  static void write() {
    text = saved("text", CausalTransformer.Spec.example(), new ByteTokenizer().metadata());
    rows = saved("rows", Perceptron.Spec.example(), Map.of());
  }

  private static String saved(String name, Model.Spec spec, Map<String, String> metadata) {
    Path file = folder.resolve(name + ".safetensors");
    try (Model model = spec.build(Context.cpu(1))) {
      Weights.save(file, model, metadata);
    }
    return file.toString();
  }

  @Test
  void sameSeedSameText() {
    String[] one = {"generate", "--weights", text, "--prompt", "Once", "--tokens", "40", "--json"};
    CommandRun first = CommandRun.of(one);
    assertThat(first.code()).isZero();
    assertThat(first.out()).startsWith("Once");
    assertThat(first.json().get("tokens").asInt()).isEqualTo(40);
    assertThat(CommandRun.of(one).json().get("text")).isEqualTo(first.json().get("text"));
    CommandRun other =
        CommandRun.of(
            "generate",
            "--weights",
            text,
            "--prompt",
            "Once",
            "--tokens",
            "40",
            "--json",
            "--seed",
            "2");
    assertThat(other.json().get("text")).isNotEqualTo(first.json().get("text"));
  }

  @Test
  void whoAsksForClassesLearnsWhatToAskFor() {
    String image = folder.resolve("no.png").toString();
    assertRefused("kat4j generate lets it write", "predict", "--weights", text, image);
    assertRefused("kat4j eval --run measures it", "predict", "--weights", rows, image);
    assertRefused("kat4j eval --run measures it", "serve", "--weights", rows, "--port", "0");
    assertRefused("no tokenizer in it", "generate", "--weights", rows);
  }

  private static void assertRefused(String message, String... arguments) {
    CommandRun run = CommandRun.of(arguments);
    assertThat(run.code()).as(run.err()).isEqualTo(Main.USER_MISTAKE);
    assertThat(run.err().strip()).contains(message).doesNotContain("\n");
  }
}
