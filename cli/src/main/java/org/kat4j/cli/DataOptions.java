package org.kat4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.FolderReading;
import org.kat4j.data.ImageData;
import org.kat4j.data.ImageSources;
import org.kat4j.image.EvaluationTransform;
import org.kat4j.task.Task;
import org.kat4j.train.TrainConfig;
import picocli.CommandLine.Option;

/** Where data sets lie. */
final class DataOptions {
  @Option(
      names = "--data-root",
      paramLabel = "DIR",
      description =
          "Folder with the files of published data sets; default: the environment's KAT4J_DATA.")
  private @Nullable Path root;

  @Nullable Path root() {
    String fromEnvironment = System.getenv("KAT4J_DATA");
    if (root == null && fromEnvironment != null && !fromEnvironment.isBlank()) {
      return Path.of(fromEnvironment);
    }
    return root;
  }

  /** A set by name, its images brought to a size if it is a folder. */
  ImageData open(String name, int imageSize, EvaluationTransform transform) {
    return ImageSources.openWith(
        new FolderReading(imageSize, transform, /* maxBroken= */ 0), name, root());
  }

  /** The data of a configuration. */
  Task<?> open(TrainConfig config) {
    return config.task().open(root(), config.seed());
  }

  /**
   * A folder by its absolute path, so that a run finds it from anywhere; other names as they are.
   */
  static String portable(String name) {
    Path folder = Path.of(name);
    return Files.isDirectory(folder) ? folder.toAbsolutePath().normalize().toString() : name;
  }
}
