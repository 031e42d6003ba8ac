package org.kat4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Config;
import org.kat4j.data.RandomStream;
import org.kat4j.data.RowBatch;
import org.kat4j.data.text.TokenCache;
import org.kat4j.task.Measure;
import org.kat4j.task.Task;
import org.kat4j.task.language.Language;
import org.kat4j.task.row.RowData;
import org.kat4j.task.row.RowTask;
import org.kat4j.torch.Scope;

/** Runs of less than a second on text and rows, with everything that has a state. */
final class TinyTasks {
  private static final String SETTINGS =
      """
      optimizer: {lr: 1e-2}
      schedule: {epochs: EPOCHS, warmupEpochs: 0.5}
      batchSize: 4
      accumulation: 2
      ema: {decay: 0.5}
      keep: best
      threads: 1
      """;

  private static final String TEXT =
      """
      task: {kind: language, text: PATH, tokenizer: {kind: characters}, context: 8, batches: 7}
      model: {width: 12, depth: 1, dropout: 0.1, tokenMixer: {heads: 2, dropout: 0.1}, channelMixer: {kind: gr-kan, rational: {numeratorGroups: 1, denominatorGroups: 4}}}
      """;

  private TinyTasks() {}

  /** A configuration with these lines. */
  static TrainConfig config(String yaml) {
    return config(yaml, 4);
  }

  static TrainConfig config(String yaml, int epochs) {
    String settings = SETTINGS.replace("EPOCHS", String.valueOf(epochs));
    return TrainConfig.bind(Config.parse(yaml + settings, "test"), "test");
  }

  /** A language model for a text that is written into a folder. */
  static TrainConfig text(Path folder) throws IOException {
    return text(folder, 4);
  }

  static TrainConfig text(Path folder, int epochs) throws IOException {
    return text(folder, "the cat sat on the mat, the dog sat on the log. ".repeat(40), epochs);
  }

  static TrainConfig text(Path folder, String text, int epochs) throws IOException {
    Path file = folder.resolve("text.txt");
    Files.writeString(file, text);
    return config(TEXT.replace("PATH", file.toString()), epochs);
  }

  /** The text of a configuration, its ids kept in a folder. */
  static Task<?> open(TrainConfig config, Path folder) {
    return ((Language.Spec) config.task()).open(null, new TokenCache(folder.resolve("ids")));
  }

  /** A small KAN. */
  static TrainConfig rows() {
    return config("model: {kind: kan, hidden: [5]}\n");
  }

  /** The class of a row is whether its first number is above its second. */
  static Task<?> openRows() {
    return new RowTask(
        new RowData("pairs", true, 2, part(30, 1), part(20, 2), part(20, 3), "pairs"),
        Measure.ACCURACY);
  }

  private static RowBatch part(int rows, long seed) {
    float[] x = new float[2 * rows];
    long[] y = new long[rows];
    var random = RandomStream.of(seed);
    for (int i = 0; i < rows; i++) {
      x[2 * i] = (float) random.nextDouble(-1, 1);
      x[2 * i + 1] = (float) random.nextDouble(-1, 1);
      y[i] = x[2 * i] > x[2 * i + 1] ? 1 : 0;
    }
    try (Scope _ = Scope.open()) {
      return new RowBatch(Scope.keep(Tensor.create(x, rows, 2)), Scope.keep(Tensor.create(y)));
    }
  }
}
