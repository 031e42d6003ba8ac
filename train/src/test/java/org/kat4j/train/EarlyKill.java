package org.kat4j.train;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Kills processes soon after they begin a run, and sees whether their folders can be used.
 *
 * <p>As a program, by hand: {@code EarlyKill FOLDER FIRST COUNT STEP_MILLISECONDS} kills COUNT
 * processes, each STEP later after its folder has appeared than the one before.
 */
final class EarlyKill {
  private static final int SECONDS = 60;

  private EarlyKill() {}

  /** What a killed process had come to. */
  enum Left {
    NO_RUN,
    NO_CHECKPOINT,
    CHECKPOINT
  }

  /**
   * Starts a process, kills it, and goes on in its folder for one update.
   *
   * @param millis between the moment when its folder is there and its end
   * @throws RuntimeException if the folder can neither be started nor resumed
   */
  static Left killAndGoOn(Path folder, long millis) throws IOException, InterruptedException {
    RunFolder run = new RunFolder(folder);
    Path output = folder.resolveSibling(folder.getFileName() + ".log");
    Process process =
        ChildProcess.start(
            output,
            List.of("-XX:+UseSerialGC"),
            KillChild.class,
            folder.toString(),
            KillChild.Kind.IMAGES.name(),
            requireNonNull(folder.getParent()).toString());
    try {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
      while (!Files.exists(folder)) {
        if (!process.isAlive() || System.nanoTime() > end) {
          throw new IllegalStateException("it did not come so far: " + Files.readString(output));
        }
        Thread.sleep(1);
      }
      Thread.sleep(millis);
    } finally {
      process.destroyForcibly();
    }
    process.waitFor();
    Left left =
        !Files.exists(run.config())
            ? Left.NO_RUN
            : Files.exists(run.last()) ? Left.CHECKPOINT : Left.NO_CHECKPOINT;
    try (Trainer trainer = KillChild.begin(KillChild.Kind.IMAGES, run, folder)) {
      trainer.stopAfter(1);
      trainer.run(Monitor.SILENT);
    }
    return left;
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    int first = Integer.parseInt(arguments[1]);
    int count = Integer.parseInt(arguments[2]);
    long step = Long.parseLong(arguments[3]);
    Map<Left, Integer> seen = new TreeMap<>();
    int failures = 0;
    for (int i = first; i < first + count; i++) {
      try {
        seen.merge(killAndGoOn(folder.resolve("run" + i), i * step), 1, Integer::sum);
      } catch (RuntimeException stranded) {
        failures++;
        System.out.printf("killed after %d ms: %s%n", i * step, stranded);
      }
    }
    System.out.printf("%d killed, %d stranded; left: %s%n", count, failures, seen);
  }
}
