package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tensors are freed step by step: memory does not grow with the number of steps. */
class MemoryTest {
  /** Java's heap is all resident from the start, so that only native memory can grow. */
  private static final List<String> FIXED_HEAP =
      List.of("-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC");

  private static final int STEPS = 600;

  @TempDir private Path folder = Path.of("");

  @Test
  void residentMemoryStaysWithinFivePercent() throws Exception {
    Path output = folder.resolve("output");
    Process process =
        ChildProcess.start(
            output,
            FIXED_HEAP,
            MemoryChild.class,
            folder.resolve("run").toString(),
            Integer.toString(STEPS));
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String printed = Files.readString(output);
    assertThat(process.exitValue()).as(printed).isZero();
    if (Files.exists(Path.of("/proc/self/statm"))) { // elsewhere the memory is not known
      assertThat(resident(printed, STEPS))
          .as(printed)
          .isCloseTo(resident(printed, 200), withinPercentage(5));
    }
  }

  private static long resident(String printed, int updates) {
    return Pattern.compile("updates " + updates + " resident (\\d+)")
        .matcher(printed)
        .results()
        .map(MatchResult::group)
        .map(line -> line.substring(line.lastIndexOf(' ') + 1))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElseThrow(() -> new AssertionError(printed));
  }
}
