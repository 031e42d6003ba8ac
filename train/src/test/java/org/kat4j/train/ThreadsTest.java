package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A training step ends wherever it runs: with fewer threads than asked for, on a single core. */
@EnabledOnOs(OS.LINUX)
class ThreadsTest {
  private static final List<String> ANYHOW = List.of();

  @TempDir private Path folder = Path.of("");

  static Stream<Arguments> surroundings() {
    return Stream.of(
        Arguments.of(ANYHOW, Map.of("OMP_DYNAMIC", "true"), "4"),
        Arguments.of(ANYHOW, Map.of("OMP_THREAD_LIMIT", "1"), "0"),
        Arguments.of(ANYHOW, Map.of("OMP_NUM_THREADS", "1"), "0"),
        Arguments.of(List.of("taskset", "-c", "0"), Map.of(), "0"));
  }

  @ParameterizedTest
  @MethodSource("surroundings")
  void aTrainingStepEnds(List<String> by, Map<String, String> environment, String threads)
      throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    Process process =
        ChildProcess.start(output, by, environment, List.of(), StepChild.class, threads);
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).as(Files.readString(output)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(Files.readString(output)).contains("loss 2."); // ln 10
    assertThat(process.exitValue()).isZero();
  }
}
