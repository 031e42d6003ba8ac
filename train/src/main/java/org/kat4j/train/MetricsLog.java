package org.kat4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/** {@code metrics.jsonl}: one JSON object on one line for each finished epoch. */
final class MetricsLog {
  /** A line of the file. */
  record Line(
      int epoch,
      long updates,
      double lr,
      double trainLoss,
      double loss,
      double top1,
      double top5,
      double imagesPerSecond,
      double seconds) {
    static Line of(Monitor.EpochResult r) {
      var e = r.evaluation();
      return new Line(
          r.epoch(),
          r.updates(),
          r.lr(),
          r.trainLoss(),
          e.loss(),
          e.top1(),
          e.top5(),
          r.imagesPerSecond(),
          r.seconds());
    }
  }

  private final Path file;

  MetricsLog(Path file) {
    this.file = file;
  }

  void append(Monitor.EpochResult result) {
    try {
      Files.writeString(
          file,
          Config.toJson(Line.of(result)) + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException failed) {
      throw new UserException(file + " cannot be written: " + failed.getMessage(), failed);
    }
  }

  /** Drops what was logged after the checkpoint that a run goes on from. */
  void keepFirst(int epochs) {
    if (!Files.exists(file)) {
      return;
    }
    try {
      List<String> lines = new ArrayList<>(Files.readAllLines(file));
      List<String> kept = lines.subList(0, Math.min(epochs, lines.size()));
      AtomicFile.write(file, String.join("", kept.stream().map(line -> line + "\n").toList()));
    } catch (IOException failed) {
      throw new UserException(file + " cannot be read: " + failed.getMessage(), failed);
    }
  }
}
