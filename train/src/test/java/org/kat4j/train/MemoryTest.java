package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.data.Stripes;
import org.kat4j.torch.Host;

/** Tensors are freed step by step: memory does not grow with the number of steps. */
class MemoryTest {
  private static final int UPDATES_PER_EPOCH = 50;
  private static final long EARLY = 200;
  private static final long STEPS = 600;

  @TempDir private Path folder = Path.of("");

  @Test
  void residentMemoryStaysWithinFivePercent() {
    TrainConfig config =
        TinyRun.config("schedule.epochs=" + STEPS / UPDATES_PER_EPOCH, "augmentation.padCrop=0");
    Map<Long, Long> resident = new HashMap<>();
    Trainer.start(
            config, new RunFolder(folder.resolve("run")), Stripes.data(8 * UPDATES_PER_EPOCH, 8))
        .run(
            TinyRun.monitor(
                () -> {}, epoch -> resident.put(epoch.updates(), Host.residentBytes())));
    if (Host.residentBytes() > 0) { // known on Linux only
      assertThat(resident.get(STEPS)).isCloseTo(resident.get(EARLY), withinPercentage(5));
    }
  }
}
