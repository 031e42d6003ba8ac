package org.kat4j.explain.board;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.kat4j.error.UserException;
import org.kat4j.explain.report.Run;
import org.kat4j.torch.AtomicFile;

/**
 * The runs of a folder: its children that are runs, or the folder itself if it is one.
 *
 * @param runs by name
 * @param damaged what is wrong with those that cannot be read, by name
 */
record RunList(SequencedMap<String, Run> runs, Map<String, String> damaged) {

  static RunList of(Path folder) {
    var runs = new LinkedHashMap<String, Run>();
    var damaged = new LinkedHashMap<String, String>();
    for (Path path : paths(folder)) {
      String name = String.valueOf(path.toAbsolutePath().normalize().getFileName());
      try {
        runs.put(name, Run.open(path));
      } catch (UserException broken) {
        damaged.put(name, String.valueOf(broken.getMessage()));
      }
    }
    return new RunList(runs, damaged);
  }

  private static List<Path> paths(Path folder) {
    if (isRun(folder)) {
      return List.of(folder);
    }
    try (Stream<Path> children = Files.list(folder)) {
      return children.filter(RunList::isRun).sorted().toList();
    } catch (IOException failed) {
      throw new UserException(folder + ": " + AtomicFile.reason(failed), failed);
    }
  }

  private static boolean isRun(Path folder) {
    return Files.isRegularFile(folder.resolve("config.yaml"));
  }

  /** Those of these names; all where none is named. */
  List<Run> chosen(List<String> names) {
    return names.isEmpty()
        ? List.copyOf(runs.values())
        : names.stream().filter(runs::containsKey).map(runs::get).toList();
  }
}
