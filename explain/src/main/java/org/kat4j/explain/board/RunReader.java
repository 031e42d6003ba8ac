package org.kat4j.explain.board;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.explain.report.Run;
import org.kat4j.torch.AtomicFile;
import org.kat4j.train.MetricsLog;
import org.kat4j.train.RunFolder;

/**
 * Looks at the runs of a folder again and again: its children that are runs, or the folder itself
 * if it is one. A file is read when its size or time has changed, and of a log that has grown the
 * new lines only. What a symbolic link takes from outside the folder is left out.
 */
final class RunReader {
  private final Path folder;
  private Map<Path, Held> held = new HashMap<>();
  private RunList last = new RunList(new LinkedHashMap<>(), Map.of());

  /** By what a change of a file is known; all empty where there is none. */
  private record Stamp(long size, @Nullable FileTime time, @Nullable Object key) {
    static Stamp of(Path file) {
      try {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
        return new Stamp(found.size(), found.lastModifiedTime(), found.fileKey());
      } catch (IOException none) {
        return new Stamp(0, null, null);
      }
    }
  }

  /** A run as it was read last: what it is, or what is wrong with it. */
  private record Held(
      Stamp config,
      Stamp environment,
      Stamp metrics,
      long read,
      @Nullable Run run,
      String damage) {}

  RunReader(Path folder) {
    this.folder = folder;
  }

  /** The runs as they are now; the same object as before while nothing has changed. */
  synchronized RunList read() {
    Map<Path, Held> now = new LinkedHashMap<>();
    for (Path path : paths()) {
      now.put(path, look(path, held.get(path)));
    }
    if (!now.equals(held) || !List.copyOf(now.keySet()).equals(List.copyOf(held.keySet()))) {
      held = now;
      var runs = new LinkedHashMap<String, Run>();
      var damaged = new LinkedHashMap<String, String>();
      now.forEach((path, run) -> {
        String name = String.valueOf(path.toAbsolutePath().normalize().getFileName());
        if (run.run == null) {
          damaged.put(name, run.damage);
        } else {
          runs.put(name, run.run);
        }
      });
      last = new RunList(runs, damaged);
    }
    return last;
  }

  private static Held look(Path path, @Nullable Held before) {
    RunFolder files = new RunFolder(path);
    Stamp config = Stamp.of(files.config());
    Stamp environment = Stamp.of(files.environment());
    Stamp metrics = Stamp.of(files.metrics());
    boolean same =
        before != null && before.config.equals(config) && before.environment.equals(environment);
    if (before != null && same && before.metrics.equals(metrics)) {
      return before;
    }
    try {
      if (before != null
          && before.run != null
          && same
          && metrics.size >= before.read
          && Objects.equals(metrics.key, before.metrics.key)) {
        List<MetricsLog.Line> epochs = new ArrayList<>(before.run.epochs());
        MetricsLog.Part added = MetricsLog.readFrom(files.metrics(), before.read, epochs.size());
        epochs.addAll(added.lines());
        return new Held(
            config, environment, metrics, added.end(), before.run.withEpochs(epochs), "");
      }
      MetricsLog.Part all = MetricsLog.readFrom(files.metrics(), 0, 0);
      Run run = Run.open(path, all.lines());
      return new Held(config, environment, metrics, all.end(), run, "");
    } catch (UserException broken) {
      return new Held(config, environment, metrics, 0, null, String.valueOf(broken.getMessage()));
    }
  }

  private List<Path> paths() {
    if (isRun(folder)) {
      return List.of(folder);
    }
    try (Stream<Path> children = Files.list(folder)) {
      return children.filter(this::isRun).sorted().toList();
    } catch (IOException failed) {
      throw new UserException(folder + ": " + AtomicFile.reason(failed), failed);
    }
  }

  private boolean isRun(Path path) {
    RunFolder files = new RunFolder(path);
    return isFile(files.config())
        && Stream.of(files.environment(), files.metrics())
            .allMatch(file -> !Files.exists(file) || isFile(file));
  }

  /** Whether a path is that of a file which lies in the folder, links resolved. */
  boolean isFile(Path path) {
    try {
      Path real = path.toRealPath();
      return Files.isRegularFile(real) && real.startsWith(folder.toRealPath());
    } catch (IOException none) {
      return false;
    }
  }
}
