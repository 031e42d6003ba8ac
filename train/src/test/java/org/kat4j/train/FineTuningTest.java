package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

class FineTuningTest {
  private static final String FREEZE = "patch_embed.*|blocks\\.0\\.(attn|mlp\\.act1).*";

  @TempDir private static Path folder = Path.of("");
  private static RunFolder first = new RunFolder(folder);

  @BeforeAll
  static void trainFirst() {
    first = TinyRun.train(folder.resolve("first"));
  }

  private static String[] settings(String... further) {
    String[] all = Arrays.copyOf(further, further.length + 1);
    all[further.length] = "fineTuning.init=" + first.last();
    return all;
  }

  @Test
  void startsFromTheWeightsAndLeavesFrozenOnesAlone() {
    SequencedMap<String, double[]> before = TinyRun.tensors(first.last());
    RunFolder tuned =
        TinyRun.train(
            folder.resolve("tuned"),
            settings("seed=9", "schedule.epochs=1", "fineTuning.freeze='" + FREEZE + "'"));
    SequencedMap<String, double[]> after = TinyRun.tensors(tuned.last());
    List<String> frozen = before.keySet().stream().filter(name -> name.matches(FREEZE)).toList();
    assertThat(frozen).hasSize(2 + 4 + 2).contains("blocks.0.mlp.act1.weight_numerator");
    frozen.forEach(name -> assertThat(after.get(name)).as(name).isEqualTo(before.get(name)));
    assertThat(after.keySet()).noneMatch(name -> name.startsWith("optimizer/exp_avg.patch_embed"));
    for (String name : List.of("head.weight", "blocks.0.mlp.act2.weight_denominator")) {
      assertThat(after.get(name)).as(name).isNotEqualTo(before.get(name));
    }
  }

  @Test
  void aRateNearZeroHardlyMovesAParameter() {
    double[] before = fc1(first);
    double[] whole = tuned("whole", "head.*=1");
    double[] slow = tuned("slow", "head.*=2 blocks.*fc1.*=1e-3");
    assertThat(distance(slow, before)).isPositive().isLessThan(0.01 * distance(whole, before));
  }

  private double[] tuned(String name, String lrScale) {
    RunFolder run =
        TinyRun.train(
            folder.resolve(name),
            settings("schedule.epochs=1", "fineTuning.lrScale='" + lrScale + "'"));
    return fc1(run);
  }

  private static double[] fc1(RunFolder run) {
    return Objects.requireNonNull(TinyRun.tensors(run.last()).get("blocks.0.mlp.fc1.weight"));
  }

  private static double distance(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum);
  }

  /** Also where it stopped before its first checkpoint's epoch, and with frozen parameters. */
  @Test
  void stoppedAndResumedGivesTheSameBits() {
    String[] settings =
        settings(
            "schedule.epochs=3",
            "fineTuning.freeze='" + FREEZE + "'",
            "fineTuning.lrScale='head.*=5 norm.*=0.5'");
    RunFolder undisturbed = TinyRun.train(folder.resolve("undisturbed"), settings);
    RunFolder stopped = new RunFolder(folder.resolve("stopped"));
    TinyRun.start(TinyRun.config(settings), stopped).close(); // before it trains
    Trainer again = TinyRun.resume(stopped);
    assertThat(again.transfer()).isPresent();
    again.run(TinyRun.monitor(again::stop, _ -> {}));
    Trainer third = TinyRun.resume(stopped);
    assertThat(third.transfer()).isEmpty();
    third.run(Monitor.SILENT);
    SequencedMap<String, double[]> want = TinyRun.tensors(undisturbed.last());
    SequencedMap<String, double[]> have = TinyRun.tensors(stopped.last());
    assertThat(have.keySet()).isEqualTo(want.keySet());
    want.forEach((name, values) -> assertThat(have.get(name)).as(name).isEqualTo(values));
  }

  @Test
  void patternsThatMatchNothingOrAreNoneAreMistakes() {
    assertRefused("no parameter has such a name", "fineTuning.freeze=block\\..*");
    assertRefused("no parameter has such a name", "fineTuning.lrScale='blok.*=2'");
    assertRefused("nothing is left to train", "fineTuning.freeze='.*'");
    assertRefused("no regular expression", "fineTuning.freeze='blocks[.*'");
    assertRefused("PATTERN=FACTOR", "fineTuning.lrScale='head.*'");
    assertRefused("PATTERN=FACTOR", "fineTuning.lrScale='head.*=-1'");
    assertRefused("no such file", "fineTuning.init=none.safetensors");
  }

  private void assertRefused(String message, String setting) {
    Path out = folder.resolve("refused");
    assertThatThrownBy(() -> TinyRun.start(TinyRun.config(setting), new RunFolder(out)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
    assertThat(out).doesNotExist();
  }
}
