package org.kat4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/**
 * The folder of a run: {@code config.yaml}, {@code environment.json}, {@code metrics.jsonl}, {@code
 * checkpoints/last.safetensors} and {@code before.safetensors}, the checkpoint before it, {@code
 * checkpoints/best.safetensors}, {@code events/}, {@code run.lock} and, in the end, {@code
 * report.html}.
 *
 * @param path the folder
 */
public record RunFolder(Path path) {

  /**
   * Makes the folder of a new run, or takes one in which none was begun: an empty one, or what a
   * process left that was killed before it had written the configuration.
   *
   * @return the right to train there, which the caller closes
   */
  RunLock create(TrainConfig config) {
    try {
      checkUnused();
      Files.createDirectories(checkpoints());
      RunLock lock = RunLock.take(path);
      try {
        checkUnused(); // by one who came first
        removeLeftovers();
        AtomicFile.write(environment(), Environment.here().toJson());
        AtomicFile.write(config(), Config.toYaml(config)); // last: now there is a run
        return lock;
      } catch (IOException | RuntimeException failed) {
        lock.close();
        throw failed;
      }
    } catch (IOException failed) {
      throw new UserException(
          "run folder "
              + path
              + " cannot be made ("
              + AtomicFile.reason(failed)
              + "): choose another --out",
          failed);
    }
  }

  private void checkUnused() throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    for (Path entry : entries(path)) {
      if (!isLeftover(entry)) {
        if (Files.exists(config())) {
          RunLock.requireFree(path); // else the process that trains here is what is in the way
        }
        throw new UserException(
            path + " is not empty: continue that run with --resume, or choose another --out");
      }
    }
  }

  /** Whether something in the folder says nothing of a run. */
  private boolean isLeftover(Path entry) throws IOException {
    String name = entry.getFileName().toString();
    return entry.equals(checkpoints()) && Files.isDirectory(entry)
        ? entries(entry).stream().allMatch(RunFolder::isPart)
        : entry.equals(environment()) || name.equals(RunLock.FILE) || isPart(entry);
  }

  private static boolean isPart(Path file) {
    return file.getFileName().toString().endsWith(".part");
  }

  /** Removes what killed processes did not finish to write; the caller has the lock. */
  void removeLeftovers() throws IOException {
    for (Path folder : List.of(path, checkpoints())) {
      for (Path entry : Files.isDirectory(folder) ? entries(folder) : List.<Path>of()) {
        if (isPart(entry) || entry.equals(next())) {
          Files.deleteIfExists(entry);
        }
      }
    }
  }

  private static List<Path> entries(Path folder) throws IOException {
    try (Stream<Path> content = Files.list(folder)) {
      return content.toList();
    }
  }

  /** The folder of a run that was begun. */
  public static RunFolder open(Path path) {
    RunFolder folder = new RunFolder(path);
    if (!Files.isRegularFile(folder.config())) {
      throw new UserException(
          path + ": there is no run here (no config.yaml): leave --resume away to begin one");
    }
    return folder;
  }

  /** The configuration that the run was begun with. */
  public TrainConfig readConfig() {
    return TrainConfig.bind(Config.readTree(config()), config().toString());
  }

  /** The weights to use: the last ones. */
  public Path weights() {
    if (!Files.isRegularFile(last())) {
      throw new UserException(
          path + ": there is no checkpoint yet; kat4j train --resume --out " + path + " goes on");
    }
    return last();
  }

  public Path config() {
    return path.resolve("config.yaml");
  }

  public Path environment() {
    return path.resolve("environment.json");
  }

  public Path metrics() {
    return path.resolve("metrics.jsonl");
  }

  /** What TensorBoard reads: {@code tensorboard --logdir} this folder. */
  public Path events() {
    return path.resolve("events");
  }

  /** The page about the run. */
  public Path report() {
    return path.resolve("report.html");
  }

  private Path checkpoints() {
    return path.resolve("checkpoints");
  }

  public Path last() {
    return checkpoints().resolve("last.safetensors");
  }

  /** The checkpoint before the last one. */
  Path before() {
    return checkpoints().resolve("before.safetensors");
  }

  /** The checkpoint that is being written. */
  Path next() {
    return checkpoints().resolve("next.safetensors");
  }

  public Path best() {
    return checkpoints().resolve("best.safetensors");
  }
}
