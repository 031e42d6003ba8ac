package org.kat4j.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/** {@code metrics.jsonl}: one JSON object on one line for each finished epoch. */
public final class MetricsLog {
  /**
   * A line of the file: what {@link Monitor.EpochResult} and its evaluation say of an epoch.
   *
   * @param epoch from 1
   * @param updates updates so far
   * @param lr learning rate of the last update
   * @param trainLoss mean training loss, with label smoothing
   * @param loss of the validation images
   * @param top1 of the validation images, in percent
   * @param top5 of the validation images, in percent
   * @param imagesPerSecond training images a second
   * @param seconds training and evaluation so far
   */
  public record Line(
      int epoch,
      long updates,
      double lr,
      double trainLoss,
      double loss,
      double top1,
      double top5,
      double imagesPerSecond,
      double seconds) {
    private static final Line EMPTY = new Line(0, 0, 0, 0, 0, 0, 0, 0, 0);

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
      throw new UserException(file + " cannot be written: " + AtomicFile.reason(failed), failed);
    }
  }

  /**
   * The epochs that a file tells of, none where there is no file yet. A last line that is still
   * being written is left out.
   */
  public static List<Line> read(Path file) {
    return readFrom(file, 0, 0).lines();
  }

  /**
   * Some lines of the file.
   *
   * @param end where in the file the next line begins
   */
  public record Part(List<Line> lines, long end) {}

  /**
   * What was added behind a place in the file, as {@link #read} reads it.
   *
   * @param start where a line begins
   * @param linesBefore lines in front of it, to number those that are damaged
   */
  public static Part readFrom(Path file, long start, int linesBefore) {
    if (!Files.exists(file)) {
      return new Part(List.of(), 0);
    }
    var lines = new ArrayList<Line>();
    try (FileChannel channel = FileChannel.open(file)) {
      byte[] bytes = Channels.newInputStream(channel.position(start)).readAllBytes();
      int end = bytes.length;
      while (end > 0 && bytes[end - 1] != '\n') {
        end--;
      }
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, end)).toString();
      for (String line : text.lines().toList()) {
        String where = file + ", line " + (linesBefore + lines.size() + 1);
        lines.add(Config.bind(Config.parseJson(line, where), Line.EMPTY, where));
      }
      return new Part(lines, start + end);
    } catch (CharacterCodingException binary) {
      throw new UserException(file + ": this is not a UTF-8 text", binary);
    } catch (IOException failed) {
      throw new UserException(file + " cannot be read: " + AtomicFile.reason(failed), failed);
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
      throw new UserException(file + " cannot be read: " + AtomicFile.reason(failed), failed);
    }
  }
}
