package org.kat4j.train;

import java.nio.file.Path;
import org.kat4j.data.Stripes;
import org.kat4j.torch.Host;

/** The process that {@link MemoryTest} watches: trains and prints its resident memory. */
final class MemoryChild {
  private static final int UPDATES_PER_EPOCH = 100;

  private MemoryChild() {}

  /** Arguments: a new run folder, and the number of updates. */
  public static void main(String[] arguments) {
    int epochs = Integer.parseInt(arguments[1]) / UPDATES_PER_EPOCH;
    TinyRun.start(
            TinyRun.config("schedule.epochs=" + epochs),
            new RunFolder(Path.of(arguments[0])),
            Stripes.data(8 * UPDATES_PER_EPOCH, 8))
        .run(
            TinyRun.monitor(
                () -> {},
                epoch ->
                    System.out.printf(
                        "updates %d resident %d%n", epoch.updates(), Host.residentBytes())));
  }
}
