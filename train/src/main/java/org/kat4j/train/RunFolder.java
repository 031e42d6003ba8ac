package org.kat4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/**
 * The folder of a run: {@code config.yaml}, {@code environment.json}, {@code metrics.jsonl}, {@code
 * checkpoints/last.safetensors}, {@code checkpoints/best.safetensors}, {@code events/} and, in the
 * end, {@code report.html}.
 *
 * @param path the folder
 */
public record RunFolder(Path path) {

  /** Makes the folder of a new run; an existing folder must be empty. */
  void create(TrainConfig config) {
    try {
      if (Files.exists(path)) {
        try (Stream<Path> content = Files.list(path)) {
          if (content.findAny().isPresent()) {
            throw new UserException(
                path + " is not empty: continue that run with --resume, or choose another --out");
          }
        }
      }
      Files.createDirectories(path.resolve("checkpoints"));
    } catch (IOException failed) {
      throw new UserException(
          "run folder "
              + path
              + " cannot be made ("
              + AtomicFile.reason(failed)
              + "): choose another --out",
          failed);
    }
    AtomicFile.write(config(), Config.toYaml(config));
    AtomicFile.write(environment(), Environment.here().toJson());
  }

  /** The folder of a run that was begun. */
  public static RunFolder open(Path path) {
    RunFolder folder = new RunFolder(path);
    if (!Files.isRegularFile(folder.config())) {
      throw new UserException(path + ": there is no run here (no config.yaml)");
    }
    return folder;
  }

  /** The configuration that the run was begun with. */
  public TrainConfig readConfig() {
    return Config.bind(Config.readTree(config()), TrainConfig.example(), config().toString());
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

  public Path last() {
    return path.resolve("checkpoints").resolve("last.safetensors");
  }

  public Path best() {
    return path.resolve("checkpoints").resolve("best.safetensors");
  }
}
