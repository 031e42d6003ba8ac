package org.kat4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.model.Weights;
import org.kat4j.task.Task;
import org.kat4j.torch.AtomicFile;
import org.kat4j.torch.ContentChecksum;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * The checkpoints of a run, the last and the one before: weights, their average, optimizer, random
 * stream, position, the configuration, and a checksum of all that.
 *
 * <p>The weights under their own names are those to use: the average, where one is kept.
 */
final class Checkpoints {
  private static final String POSITION = "kat4j.position";
  private static final String CONFIG = "kat4j.config";
  private static final String DATA = "kat4j.data";
  private static final String CHECKSUM = "kat4j.checksum";

  private final RunFolder folder;
  private final TrainConfig config;
  private final Loop<?> loop;
  private final Task<?> task;
  private final List<String> notes = new ArrayList<>();

  /**
   * @param loop what is saved and restored
   * @param task what it trains for
   */
  Checkpoints(RunFolder folder, TrainConfig config, Loop<?> loop, Task<?> task) {
    this.folder = folder;
    this.config = config;
    this.loop = loop;
    this.task = task;
  }

  /** What a user should know of how the run goes on, a line each. */
  List<String> notes() {
    return List.copyOf(notes);
  }

  /**
   * Writes the last checkpoint; the one that was the last is the one before from now on. A process
   * killed meanwhile leaves a last one.
   */
  void save(Checkpoint position) {
    try (Scope _ = Scope.open()) {
      Map<String, Tensor> beside = loop.state();
      Map<String, String> metadata = notes(position);
      Map<String, Tensor> all = new LinkedHashMap<>(StateDict.of(loop.model()));
      all.putAll(beside);
      metadata.put(CHECKSUM, checksum(metadata, all));
      Weights.save(folder.next(), loop.model(), beside, metadata);
      keepBefore();
      Files.move(
          folder.next(),
          folder.last(),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException failed) {
      throw new UserException(
          "cannot write " + folder.last() + ": " + AtomicFile.reason(failed), failed);
    }
  }

  private Map<String, String> notes(Checkpoint position) {
    Map<String, String> metadata = meaning(config, task);
    metadata.put(DATA, task.checksum());
    metadata.put(CONFIG, Config.toJson(config));
    metadata.put(POSITION, Config.toJson(position));
    metadata.put(Weights.MODEL, Config.toJson((Record) config.model()));
    metadata.put(Weights.FORMAT, Weights.PYTORCH);
    return metadata;
  }

  /** What a model is for, for the metadata of its weights. */
  static Map<String, String> meaning(TrainConfig config, Task<?> task) {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(Weights.TASK, Config.kindOf((Record) config.task()));
    metadata.putAll(task.meaning());
    return metadata;
  }

  /** Of all notes and all tensors. */
  private static String checksum(Map<String, String> metadata, Map<String, Tensor> tensors) {
    ContentChecksum sum = new ContentChecksum();
    addNotes(metadata, sum);
    tensors.keySet().stream()
        .sorted()
        .forEach(name -> sum.add(name, Objects.requireNonNull(tensors.get(name))));
    return sum.toString();
  }

  private static void addNotes(Map<String, String> metadata, ContentChecksum sum) {
    metadata.keySet().stream()
        .filter(key -> !key.equals(CHECKSUM))
        .sorted()
        .forEach(key -> sum.add(key).add(Objects.requireNonNull(metadata.get(key))));
  }

  /** A second name for the last file costs nothing; where there are none, a copy does it. */
  private void keepBefore() throws IOException {
    Path last = folder.last();
    if (!Files.exists(last)) {
      return;
    }
    Path beside = folder.before().resolveSibling("before.safetensors.part");
    Files.deleteIfExists(beside);
    try {
      Files.createLink(beside, last);
    } catch (IOException | UnsupportedOperationException noLinks) {
      Files.copy(last, beside);
    }
    Files.move(
        beside,
        folder.before(),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    Files.deleteIfExists(beside); // moving onto another name of the same file does nothing
  }

  /** The last checkpoint turned out to be no good: the one before is the last again. */
  void takeBack() {
    try {
      if (Files.exists(folder.before())) {
        Files.move(
            folder.before(),
            folder.last(),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      } else {
        Files.deleteIfExists(folder.last());
      }
    } catch (IOException failed) {
      throw new UserException(
          "cannot replace " + folder.last() + ": " + AtomicFile.reason(failed), failed);
    }
  }

  /**
   * Loads the last checkpoint, or the one before where the last is gone; false where the run has
   * not come to its first.
   *
   * @throws UserException if it is damaged, if there was one and none is left, or if the
   *     configuration or the data are others now
   */
  boolean restore() {
    if (Files.exists(folder.last())) {
      load(folder.last());
      return true;
    }
    if (Files.exists(folder.before())) {
      notes.add("there is no %s: going on from %s".formatted(folder.last(), folder.before()));
      load(folder.before());
      return true;
    }
    if (Files.exists(folder.best()) || !MetricsLog.read(folder.metrics()).isEmpty()) {
      throw new UserException(
          "%s: the checkpoints of this run are gone: %s".formatted(folder.path(), beginAnew()));
    }
    return false;
  }

  private void load(Path file) {
    try (Safetensors saved = opened(file);
        Scope _ = Scope.open()) {
      Map<String, String> metadata = saved.metadata();
      String position = metadata.get(POSITION);
      if (position == null) {
        throw new UserException(file + ": these are weights, not a checkpoint to go on from");
      }
      checkSame(metadata, file);
      Weights.loadInto(file, loop.model());
      Map<String, Tensor> state = new HashMap<>();
      for (String name : saved.names()) {
        if (name.contains("/")) {
          state.put(name, saved.read(name));
        }
      }
      loop.restore(
          state,
          Config.bind(
              Config.parseJson(position, file.toString()), Checkpoint.START, file.toString()));
    }
  }

  /** Opens a file and reads all of it once: whether every bit is as it was written. */
  private Safetensors opened(Path file) {
    try {
      Safetensors saved = Safetensors.open(file);
      try {
        checkSum(saved);
        return saved;
      } catch (RuntimeException damaged) {
        saved.close();
        throw damaged;
      }
    } catch (UserException damaged) {
      throw new UserException(damaged.getMessage() + "; " + wayOn(file), damaged);
    }
  }

  private static void checkSum(Safetensors saved) {
    String expected = saved.metadata().get(CHECKSUM);
    if (expected == null && !saved.metadata().containsKey(CONFIG)) {
      return; // written before there were checksums
    }
    ContentChecksum sum = new ContentChecksum();
    addNotes(saved.metadata(), sum);
    saved.names().stream()
        .sorted()
        .forEach(name -> {
          try (Tensor tensor = saved.read(name)) {
            sum.add(name, tensor);
          }
        });
    if (!sum.toString().equals(expected)) {
      throw new UserException(
          saved.file() + ": damaged, its content does not have the checksum it was written with");
    }
  }

  private String wayOn(Path damaged) {
    Path before = folder.before();
    return damaged.equals(folder.last()) && Files.exists(before)
        ? "delete it, and --resume goes on from %s, the checkpoint before it".formatted(before)
        : beginAnew();
  }

  private String beginAnew() {
    return "begin anew with kat4j train --config %s%s --out OTHER"
        .formatted(folder.config(), Files.exists(folder.best()) ? " --init " + folder.best() : "");
  }

  /** Refuses to go on where the checkpoint would mean something else than when it was made. */
  private void checkSame(Map<String, String> then, Path file) {
    Map<String, String> now = notes(Checkpoint.START);
    String stored = then.get(CONFIG);
    if (stored != null) {
      ConfigChanges changes =
          ConfigChanges.between(
              Config.parseJson(stored, file.toString()),
              Config.parseJson(Config.toJson(config), folder.config().toString()));
      if (!changes.refused().isEmpty()) {
        throw new UserException(
            "%s was edited since %s was made (%s): undo that, or begin another run with --out"
                .formatted(folder.config(), file, String.join("; ", changes.refused())));
      }
      changes.allowed().forEach(change -> notes.add("config.yaml was edited: " + change));
    }
    if (then.containsKey(DATA) && !Objects.equals(then.get(DATA), now.get(DATA))) {
      throw new UserException(
          "the training data are not those that %s was made with (%s): put the others back, or begin another run with --out"
              .formatted(file, task.describe()));
    }
  }
}
