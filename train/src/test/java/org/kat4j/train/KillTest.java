package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A process that gets no chance to say goodbye. */
class KillTest {
  private static final int KILLED = 128 + 9;
  private static final int SECONDS = 60;

  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @EnumSource
  void killedTwiceAndResumedGivesTheSameBits(KillChild.Kind kind) throws Exception {
    RunFolder undisturbed = new RunFolder(folder.resolve("undisturbed"));
    RunFolder killed = new RunFolder(folder.resolve("killed"));
    Process beside = child(undisturbed, kind);
    try {
      killAfter(killed, kind, 1);
      assertThat(Files.size(killed.metrics())).isPositive();
      // A line of the metrics is written before its checkpoint: this often falls between the two.
      killAfter(killed, kind, lines(killed) + 2);
      finish(child(killed, kind));
      finish(beside);
    } finally {
      beside.destroyForcibly();
    }

    SequencedMap<String, double[]> want = TinyRun.tensors(undisturbed.last());
    SequencedMap<String, double[]> have = TinyRun.tensors(killed.last());
    assertThat(have.keySet()).isEqualTo(want.keySet());
    want.forEach((name, values) -> assertThat(have.get(name)).as(name).isEqualTo(values));
    assertThat(lines(killed)).isEqualTo(KillChild.EPOCHS);
  }

  /** Runs a child until its log has this many lines and a checkpoint is there, then kills it. */
  private void killAfter(RunFolder run, KillChild.Kind kind, long lines) throws Exception {
    Process process = child(run, kind);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!Files.exists(run.last()) || lines(run) < lines) {
      assertThat(process.isAlive()).as("killed before its end: %s", output(run)).isTrue();
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(1);
    }
    process.destroyForcibly();
    assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(KILLED);
  }

  private void finish(Process process) throws InterruptedException {
    assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
  }

  /** Training needs no temporary folder: that of the child is not there, as if it were full. */
  private Process child(RunFolder run, KillChild.Kind kind) throws IOException {
    List<String> options =
        List.of("-XX:+UseSerialGC", "-Djava.io.tmpdir=" + folder.resolve("not-there"));
    return ChildProcess.start(
        log(run),
        options,
        KillChild.class,
        run.path().toString(),
        kind.name(),
        Files.createDirectories(folder.resolve("data-" + run.path().getFileName())).toString());
  }

  private Path log(RunFolder run) {
    return folder.resolve(run.path().getFileName() + ".log");
  }

  private String output(RunFolder run) throws IOException {
    return Files.exists(log(run)) ? Files.readString(log(run)) : "";
  }

  private static long lines(RunFolder run) throws IOException {
    if (!Files.exists(run.metrics())) {
      return 0;
    }
    try (Stream<String> lines = Files.lines(run.metrics())) {
      return lines.count();
    }
  }
}
