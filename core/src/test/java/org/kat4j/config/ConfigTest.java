package org.kat4j.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.channel.KanMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.error.UserException;
import org.kat4j.function.kan.ActivationBumps;
import org.kat4j.function.kan.Together;
import org.kat4j.model.Model;
import org.kat4j.model.VisionTransformer;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.Lamb;
import org.kat4j.optim.Optimizer;
import tools.jackson.databind.node.ObjectNode;

class ConfigTest {
  @TempDir Path folder;

  /** What a run needs, small. */
  record Run(
      String name,
      Model.Spec model,
      Optimizer.Spec optimizer,
      int epochs,
      long seed,
      boolean ema,
      double ratio) {
    Run {
      Check.atLeast("epochs", epochs, 1);
    }
  }

  private static final Run DEFAULTS =
      new Run(
          "first", Model.Spec.named("kat_nano"), AdamW.Spec.example(), 10, 1L << 40, false, 0.5);

  private static Run bind(String yaml) {
    return Config.bind(Config.parse(yaml, "run.yaml"), DEFAULTS, "run.yaml");
  }

  /** A record whose constructor has a fault of its own. */
  record Faulty(int value) {
    Faulty {
      if (value == 1) {
        throw new IllegalStateException("a fault");
      }
      if (value == 2) {
        Integer.parseInt("no number");
      }
      if (value == 3) {
        throw new StackOverflowError("deep");
      }
    }
  }

  @Test
  void aFaultOfAConstructorIsNoMistakeOfTheUser() {
    assertThatThrownBy(() -> bindFaulty(1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> bindFaulty(2)).isInstanceOf(NumberFormatException.class);
    assertThatThrownBy(() -> bindFaulty(3)).isInstanceOf(StackOverflowError.class);
  }

  private static void bindFaulty(int value) {
    Faulty _ = Config.bind(Config.parse("value: " + value, "f.yaml"), new Faulty(0), "f.yaml");
  }

  @Test
  void aClassTokenThatWouldSeeItselfAloneIsRefused() {
    assertMistake(() -> bind("model: {preset: kat_nano, tokenMixer: {causal: true}}"))
        .hasMessageContaining("run.yaml: model.tokenMixer: causal = true");
  }

  private static AbstractThrowableAssert<?, ?> assertMistake(ThrowingCallable call) {
    return assertThatThrownBy(call)
        .isInstanceOf(UserException.class)
        .satisfies(e -> assertThat(Objects.requireNonNull(e.getMessage())).doesNotContain("\n"));
  }

  private static VisionTransformer.Spec vit(Run run) {
    return (VisionTransformer.Spec) run.model();
  }

  @Test
  void whatIsGivenReplacesTheDefault() {
    Run run = bind("epochs: 3\noptimizer: {lr: 0.25}\nmodel: {dropPath: 0.2}");
    assertThat(run.epochs()).isEqualTo(3);
    assertThat(run.seed()).isEqualTo(1L << 40);
    assertThat(run.optimizer()).isEqualTo(new AdamW.Spec(0.25, 0.05, 0.9, 0.999, 1e-8));
    assertThat(vit(run).dropPath()).isEqualTo(0.2);
    assertThat(vit(run).width()).isEqualTo(64);
    assertThat(bind("")).isEqualTo(DEFAULTS);
    assertThat(bind("# a comment only\n")).isEqualTo(DEFAULTS);
  }

  @Test
  void aListIsOneOfConstants() {
    String kan = "model: {channelMixer: {kind: kan, function: {kind: activation-bumps, %s}}}";
    Run run = bind(kan.formatted("furtherReductions: [multistep, local-attn], together: product"));
    var function = (ActivationBumps.Spec) ((KanMlp.Spec) vit(run).channelMixer()).function();
    assertThat(function.reductions())
        .containsExactly(
            ActivationBumps.Reduction.GLOBAL_ATTN,
            ActivationBumps.Reduction.MULTISTEP,
            ActivationBumps.Reduction.LOCAL_ATTN);
    assertThat(function.together()).isEqualTo(Together.PRODUCT);
    assertThat(bind(Config.toYaml(run))).isEqualTo(run);
    assertMistake(() -> bind(kan.formatted("furtherReductions: multistep")))
        .hasMessageEndingWith("furtherReductions = multistep: a list is expected");
    assertMistake(() -> bind(kan.formatted("furtherReductions: [locl-attn]")))
        .hasMessageContaining("furtherReductions[0] = locl-attn: one of global-attn");
  }

  @Test
  void anotherKindStartsFromItsExample() {
    Run run = bind("optimizer: {kind: lamb, lr: 2e-3}\nmodel: {channelMixer: {kind: mlp}}");
    assertThat(run.optimizer())
        .isEqualTo(new Lamb.Spec(2e-3, 0.01, 0.9, 0.999, 1e-6, 1, false, false));
    assertThat(vit(run).channelMixer()).isEqualTo(Mlp.Spec.example());
    Run same = bind("model: {channelMixer: {kind: gr-kan, ratio: 2}}");
    assertThat(((GroupRationalMlp.Spec) vit(same).channelMixer()).ratio()).isEqualTo(2);
  }

  @Test
  void aModelByNameAndChangesToIt() {
    assertThat(bind("model: vit_tiny_patch16_224").model())
        .isEqualTo(Model.Spec.named("vit_tiny_patch16_224"));
    Run run = bind("model: {preset: kat_tiny_patch16_224, dropPath: 0.2}");
    assertThat(vit(run).width()).isEqualTo(192);
    assertThat(vit(run).dropPath()).isEqualTo(0.2);
    assertMistake(() -> bind("model: kat_tny_patch16_224"))
        .hasMessageContaining("run.yaml: model: ")
        .hasMessageContaining("did you mean 'kat_tiny_patch16_224'");
    assertMistake(() -> bind("model: {preset: kat_tny_patch16_224}"))
        .hasMessageContaining("model.preset");
  }

  @Test
  void anUnknownKeyNamesTheNearestAndItsPath() {
    assertMistake(() -> bind("epoch: 3"))
        .hasMessageStartingWith("run.yaml: unknown key 'epoch': did you mean 'epochs'?");
    assertMistake(() -> bind("model: {channelMixer: {rational: {numeratorGroup: 1}}}"))
        .hasMessageStartingWith(
            "run.yaml: unknown key of model.channelMixer.rational 'numeratorGroup': "
                + "did you mean 'numeratorGroups'?");
    assertMistake(() -> bind("model: {channelMixer: {kind: grkan}}"))
        .hasMessageContaining("model.channelMixer.kind 'grkan': did you mean 'gr-kan'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "epochs: many          | epochs = many: a whole number",
        "epochs: 2.5           | epochs = 2.5: a whole number",
        "epochs: 3000000000    | epochs = 3000000000: a whole number",
        "epochs:               | epochs = ",
        "epochs: [1]           | epochs = array: a whole number",
        "ema: maybe            | ema = maybe: true or false",
        "ratio: {a: 1}         | ratio = object: a number",
        "ratio: true           | ratio = true: a number",
        "optimizer: 3          | optimizer = 3: a group of keys",
        "optimizer: [1, 2]     | optimizer = array: a group of keys",
        "model:                | model = ",
        "model: {pooling: max} | model.pooling = max: one of token, average, average-of-normed",
        "optimizer: {kind: {a: 1}}  | optimizer.kind",
        "optimizer: {kind: [adamw]} | optimizer.kind",
        "optimizer: {kind: }        | optimizer.kind",
        "model: {preset: [kat_nano]} | model.preset",
        "name: [a]             | name = array: a text",
      })
  void aWrongTypeNamesTheFieldAndWhatIsExpected(String yaml, String message) {
    assertMistake(() -> bind(yaml))
        .hasMessageContaining("run.yaml: ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "epochs: 0                          | epochs = 0: at least 1",
        "optimizer: {lr: -1}                | optimizer: lr = -1.0: above 0",
        "optimizer: {lr: .nan}              | lr = NaN: above 0",
        "optimizer: {lr: NaN}               | lr = NaN: above 0",
        "optimizer: {lr: .inf}              | lr = Infinity: above 0",
        "model: {dropPath: 1}               | model: dropPath = 1.0: from 0.0 to below 1.0",
        "model: {tokenMixer: {heads: 0}}    | model.tokenMixer: heads = 0: at least 1",
        "model: {patchSize: 5}              | imageSize = 32: not a multiple of patchSize = 5",
        "model: {channelMixer: {act2: swis}} | model.channelMixer: unknown",
      })
  void aValueOutOfRangeNamesFieldValueAndRange(String yaml, String message) {
    assertMistake(() -> bind(yaml))
        .hasMessageContaining("run.yaml: ")
        .hasMessageContaining(message);
  }

  @Test
  void setReplacesOneValue() {
    ObjectNode tree = Config.parse("model: kat_tiny\nepochs: 3", "run.yaml");
    Config.set(tree, "optimizer.lr=5e-4");
    Config.set(tree, "model.depth=3");
    Config.set(tree, "epochs=7");
    Config.set(tree, "name=a=b");
    Run run = Config.bind(tree, DEFAULTS, "run.yaml");
    assertThat(run.optimizer().lr()).isEqualTo(5e-4);
    assertThat(vit(run).depth()).isEqualTo(3);
    assertThat(vit(run).width()).isEqualTo(192);
    assertThat(run.epochs()).isEqualTo(7);
    assertThat(run.name()).isEqualTo("a=b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data # 1",
        "#a",
        "a: b",
        "- a",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a`",
        "a]b",
        "? a",
        "| a",
        "2026-11-30 10:00",
        "C:\\new\\table",
        "ä b"
      })
  void aSetTextStaysAsItIs(String text) {
    ObjectNode tree = Config.parse("", "run.yaml");
    Config.set(tree, "name=" + text);
    assertThat(Config.bind(tree, DEFAULTS, "run.yaml").name()).isEqualTo(text);
  }

  @Test
  void aSetValueInQuotesOrBracketsIsYaml() {
    ObjectNode tree = Config.parse("", "run.yaml");
    Config.set(tree, "a='x # y'");
    Config.set(tree, "b=[1, 2]");
    Config.set(tree, "c={d: true}");
    assertThat(tree.path("a").stringValue()).isEqualTo("x # y");
    assertThat(tree.path("b").get(1).intValue()).isEqualTo(2);
    assertThat(tree.path("c").path("d").booleanValue()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"lr", "=3", "", "epochs=", "epochs={", "epochs.a=1", ".=1", "a..b=1"})
  void aSetThatMakesNoSenseIsAMistake(String assignment) {
    assertMistake(() -> {
      ObjectNode tree = Config.parse("epochs: 3", "run.yaml");
      Config.set(tree, assignment);
      Config.bind(tree, DEFAULTS, "run.yaml");
    });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "epochs: 1\nepochs: 2",
        "model: {dropPath: 0.1, dropPath: 0.2}",
        "model: {dropPath: 0.1",
        "model: 'kat_nano",
        "- 1\n- 2",
        "just a text",
        "a: 1\n---\nb: 2",
        "a: *nowhere",
        "\tepochs: 1",
        "a: \u0000\u0001",
      })
  void aBrokenTextIsAMistake(String yaml) {
    assertMistake(() -> bind(yaml)).hasMessageStartingWith("run.yaml: ");
  }

  @Test
  void deepNestingIsAMistake() {
    assertMistake(() -> bind("a: " + "[".repeat(100_000)));
  }

  @Test
  void filesThatAreNoConfiguration() throws IOException {
    Path endless = Path.of("/dev/zero");
    if (Files.exists(endless)) {
      assertThatThrownBy(() -> Config.readTree(endless))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("larger than a configuration can be");
    }
    Path missing = folder.resolve("missing.yaml");
    assertMistake(() -> Config.readTree(missing)).hasMessage(missing + ": there is no such file");
    byte[] noUtf8 = {(byte) 0xff, (byte) 0xfe, 0, 1};
    Path binary = Files.write(folder.resolve("binary.yaml"), noUtf8);
    assertMistake(() -> Config.readTree(binary)).hasMessage(binary + ": this is not a UTF-8 text");
    Path zeros = Files.write(folder.resolve("zeros.yaml"), new byte[64]);
    assertMistake(() -> Config.readTree(zeros)).hasMessageStartingWith(zeros + ": ");
    Path huge = Files.writeString(folder.resolve("huge.yaml"), "#".repeat(2 << 20));
    assertMistake(() -> Config.readTree(huge)).hasMessageContaining("larger than");
    assertMistake(() -> Config.readTree(folder)).hasMessageStartingWith(folder.toString());
    Path empty = Files.write(folder.resolve("empty.yaml"), new byte[0]);
    assertThat(Config.readTree(empty).isEmpty()).isTrue();
    Path good = Files.write(folder.resolve("a.yaml"), "a: 1".getBytes(StandardCharsets.UTF_8));
    assertThat(Config.readTree(good).path("a").intValue()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "",
        " ",
        "two words",
        "007",
        "1_000",
        "1e3",
        "0x10",
        "true",
        "null",
        "~",
        "no",
        "a: b",
        "# x",
        "- a",
        "'",
        "\"",
        "a\nb",
        "ä☃",
        "2026-01-01",
        "1:20",
        ".5",
        "*a",
        "&a",
        "{",
        "%",
        "!x"
      })
  void everyTextSurvivesYamlAndJson(String name) {
    Run run = new Run(name, DEFAULTS.model(), Lamb.Spec.example(), 2, -1, true, 1e-300);
    assertThat(bind(Config.toYaml(run))).isEqualTo(run);
    assertThat(bind(Config.toJson(run))).isEqualTo(run);
  }

  @Test
  void theTreeOfARecordIsComplete() {
    String yaml = Config.toYaml(DEFAULTS);
    assertThat(yaml).contains("kind: vision-transformer", "kind: gr-kan", "pooling: token");
    assertThat(yaml).contains("weightInit: kan-mimetic", "kind: adamw");
    Run other = new Run("x", Model.Spec.named("vit_small"), Lamb.Spec.example(), 1, 0, true, 0);
    assertThat(Config.bind(Config.parse(yaml, "t"), other, "t")).isEqualTo(DEFAULTS);
  }
}
