package org.kat4j.explain.report;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.kat4j.config.Config;
import org.kat4j.train.MetricsLog;
import org.kat4j.train.RunFolder;
import org.kat4j.train.TrainConfig;

/**
 * A run as its folder tells of it.
 *
 * @param name what to call it
 * @param folder where it lies
 * @param config what it was begun with
 * @param epochs what was logged after each
 * @param environment machine and versions by key; empty where that was not written
 */
public record Run(
    String name,
    RunFolder folder,
    TrainConfig config,
    List<MetricsLog.Line> epochs,
    Map<String, String> environment) {

  /**
   * Reads a folder.
   *
   * @throws org.kat4j.error.UserException when it is no run, or a file of it is damaged
   */
  public static Run open(Path path) {
    return open(path, MetricsLog.read(RunFolder.open(path).metrics()));
  }

  /** Reads a folder whose log was read before. */
  public static Run open(Path path, List<MetricsLog.Line> epochs) {
    RunFolder folder = RunFolder.open(path);
    var environment = new LinkedHashMap<String, String>();
    if (Files.isRegularFile(folder.environment())) {
      Config.readTree(folder.environment())
          .properties()
          .forEach(entry -> environment.put(entry.getKey(), entry.getValue().asString("")));
    }
    return new Run(
        String.valueOf(path.toAbsolutePath().normalize().getFileName()),
        folder,
        folder.readConfig(),
        epochs,
        environment);
  }

  /** The same run, further on. */
  public Run withEpochs(List<MetricsLog.Line> others) {
    return new Run(name, folder, config, others, environment);
  }

  /** The same run under another name. */
  Run called(String other) {
    return new Run(other, folder, config, epochs, environment);
  }
}
