package org.kat4j.train;

import static java.util.stream.Collectors.toSet;

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code metrics.jsonl}: one JSON object on one line for each finished epoch. */
public final class MetricsLog {
  /**
   * A line of the file: what {@link Monitor.EpochResult} says of an epoch.
   *
   * @param epoch from 1
   * @param updates updates so far
   * @param lr learning rate of the last update
   * @param trainLoss mean training loss
   * @param samplesPerSecond training samples a second
   * @param seconds training and evaluation so far
   * @param scores of the validation samples, by the names of their measures
   */
  public record Line(
      int epoch,
      long updates,
      double lr,
      double trainLoss,
      double samplesPerSecond,
      double seconds,
      SequencedMap<String, Double> scores) {

    /** A score by the name of its measure, NaN where it was not measured. */
    public double score(String measure) {
      return scores.getOrDefault(measure, Double.NaN);
    }

    static Line of(Monitor.EpochResult r) {
      return new Line(
          r.epoch(),
          r.updates(),
          r.lr(),
          r.trainLoss(),
          r.samplesPerSecond(),
          r.seconds(),
          r.scores().byName());
    }

    private String toJson() {
      ObjectNode tree =
          Config.tree(new Fixed(epoch, updates, lr, trainLoss, samplesPerSecond, seconds));
      scores.forEach(tree::put);
      return Config.toJson(tree);
    }

    private static Line read(String json, String where) {
      ObjectNode tree = Config.parseJson(json, where);
      if (tree.has(ONCE_CALLED)) {
        tree.set("samplesPerSecond", tree.remove(ONCE_CALLED));
      }
      ObjectNode known = JsonNodeFactory.instance.objectNode();
      SequencedMap<String, Double> scores = new LinkedHashMap<>();
      for (var entry : tree.properties()) {
        if (Fixed.KEYS.contains(entry.getKey())) {
          known.set(entry.getKey(), entry.getValue());
        } else if (entry.getValue().isNumber() || entry.getValue().isString()) {
          scores.put(entry.getKey(), entry.getValue().asDouble(Double.NaN));
        } else {
          throw new UserException(where + ": " + entry.getKey() + ": a number is expected");
        }
      }
      Fixed fixed = Config.bind(known, Fixed.NOTHING, where);
      return new Line(
          fixed.epoch,
          fixed.updates,
          fixed.lr,
          fixed.trainLoss,
          fixed.samplesPerSecond,
          fixed.seconds,
          scores);
    }

    /** What every line has; all other keys are measures. */
    private record Fixed(
        int epoch,
        long updates,
        double lr,
        double trainLoss,
        double samplesPerSecond,
        double seconds) {
      static final Fixed NOTHING = new Fixed(0, 0, 0, 0, 0, 0);
      static final Set<String> KEYS =
          Config.tree(NOTHING).propertyNames().stream().collect(toSet());
    }
  }

  private static final String ONCE_CALLED = "imagesPerSecond";

  private final Path file;

  MetricsLog(Path file) {
    this.file = file;
  }

  void append(Monitor.EpochResult result) {
    try {
      Files.writeString(
          file,
          Line.of(result).toJson() + "\n",
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
        lines.add(Line.read(line, where));
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
