package org.kat4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.DivergedException;
import org.kat4j.task.Measure;
import org.kat4j.torch.Device;

/** The engine with trials that are arithmetic. */
class RunnerTest {
  private static final Workplace CPU = new Workplace(Device.CPU, null);

  @TempDir Path root;

  private record Name(String name) {}

  /** Arm "new" scores 2 + seed / 10, "old" 1 + seed / 20; a rate of 2 is best. */
  private record Toy(double advantage, long oldSize, int version, Function<Trial, Measured> body)
      implements Claim {
    static Toy of(double advantage) {
      return new Toy(advantage, 100, 1, trial -> score(advantage, trial));
    }

    static Measured score(double advantage, Trial trial) {
      double base = trial.arm().name().equals("new") ? advantage : 0;
      double score = base + trial.seed() % 7 * 0.01 * (base + 1) - Math.abs(trial.rate() - 2);
      return Measured.of(score, score + 100);
    }

    @Override
    public About about() {
      return new About(99, "Toy", "new is better", "more", "less", "none", version);
    }

    @Override
    public List<Study> studies(Budget budget) {
      return List.of(
          new Study(
              "toy",
              "arithmetic",
              Measure.ACCURACY,
              Study.Match.PARAMETERS,
              List.of(1.0, 2.0, 3.0),
              List.of(
                  new Arm("new", "", new Name("n"), 101, 1),
                  new Arm("old", "", new Name("o"), oldSize, 1)),
              _ -> new Experiment("no data", body::apply)));
    }

    @Override
    public List<Comparison> comparisons(Budget budget) {
      return List.of(Comparison.better("new beats old", List.of("toy"), "new", "old", 0.5));
    }
  }

  private Result run(Claim claim, int seeds) {
    return new Runner(root, CPU, Progress.SILENT).run(claim, Budget.QUICK, seeds);
  }

  @Test
  void tunesThenRepeatsThenJudges() {
    Result result = run(Toy.of(1), 5);
    assertThat(result.verdict()).isEqualTo(Verdict.SUPPORTED);
    assertThat(result.trials()).isEqualTo(2 * (3 + 5));
    Result.ArmResult arm = result.studies().getFirst().arms().getFirst();
    assertThat(arm.rate()).isEqualTo(2);
    assertThat(arm.tuning()).hasSize(3);
    // 1 + 0.02 seed against 0.01 seed: the mean of 1 + 0.01 seed over seeds 1 to 5.
    assertThat(result.findings().getFirst().sample().mean()).isCloseTo(1.03, within(1e-12));
    assertThat(Result.read(Runner.folder(root, 99, Budget.QUICK)).orElseThrow()).isEqualTo(result);
  }

  @Test
  void smallerThanWhatMattersRefutes() {
    assertThat(run(Toy.of(0.2), 5).verdict()).isEqualTo(Verdict.REFUTED);
  }

  @Test
  void unmatchedSizesDecideNothing() {
    Toy toy = Toy.of(1);
    Result result = run(new Toy(1, 104, 1, toy.body()), 5);
    assertThat(result.verdict()).isEqualTo(Verdict.UNDECIDED);
    assertThat(result.findings().getFirst().reservation()).contains("not matched");
  }

  @Test
  void aTrialThatTunesHasNoTestScoreOnDisk() throws Exception {
    run(Toy.of(1), 2);
    try (var files = Files.list(Runner.folder(root, 99, Budget.QUICK).resolve("trials"))) {
      List<Outcome> tuning =
          files
              .filter(f -> f.toString().endsWith(".json"))
              .map(f -> Json.read(f, Outcome.class))
              .filter(o -> !o.last())
              .toList();
      assertThat(tuning).hasSize(6).allMatch(o -> Double.isNaN(o.measured().test()));
    }
  }

  @Test
  void whatIsFinishedIsNotRunAgain() {
    AtomicInteger runs = new AtomicInteger();
    Function<Trial, Measured> dying =
        trial -> {
          if (runs.incrementAndGet() == 9) {
            throw new IllegalStateException("killed");
          }
          return Toy.score(1, trial);
        };
    assertThatThrownBy(() -> run(new Toy(1, 100, 1, dying), 5)).hasMessage("killed");
    Result result = run(new Toy(1, 100, 1, dying), 5);
    assertThat(runs).hasValue(16 + 1);
    assertThat(result.verdict()).isEqualTo(Verdict.SUPPORTED);
    run(new Toy(1, 100, 1, dying), 6);
    assertThat(runs).as("one more seed of two arms").hasValue(17 + 2);
    run(new Toy(1, 100, 2, dying), 5);
    assertThat(runs).as("another version of the claim").hasValue(19 + 16);
  }

  @Test
  void failuresAreCountedAndForbidAYes() {
    Function<Trial, Measured> diverging =
        trial -> {
          if (trial.arm().name().equals("new") && trial.last() && trial.seed() == 3) {
            throw new DivergedException("NaN");
          }
          return Toy.score(1, trial);
        };
    Result result = run(new Toy(1, 100, 1, diverging), 5);
    assertThat(result.failures()).isEqualTo(1);
    assertThat(result.findings().getFirst().sample().n()).isEqualTo(4);
    assertThat(result.verdict()).isEqualTo(Verdict.UNDECIDED);
  }

  @Test
  void severalWorkersShareTheTrials() throws Exception {
    AtomicInteger runs = new AtomicInteger();
    Function<Trial, Measured> slow =
        trial -> {
          runs.incrementAndGet();
          try {
            Thread.sleep(20);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return Toy.score(1, trial);
        };
    List<Result> results = new ArrayList<>();
    List<Thread> workers = new ArrayList<>();
    for (int w = 0; w < 3; w++) {
      workers.add(
          Thread.ofPlatform()
              .start(() -> {
                Result result = run(new Toy(1, 100, 1, slow), 5);
                synchronized (results) {
                  results.add(result);
                }
              }));
    }
    for (Thread worker : workers) {
      worker.join();
    }
    assertThat(runs).hasValue(16);
    assertThat(results).hasSize(3).allMatch(r -> r.verdict() == Verdict.SUPPORTED);
  }

  /** One worker has the lock's file open and waits; the lock that it gets must keep others out. */
  @Test
  void aLockThatWasLetGoIsTakenOnce() throws Exception {
    TrialStore store = new TrialStore(root);
    TrialStore.Lock first = store.take("trial").orElseThrow();
    try (FileChannel waiting =
        FileChannel.open(root.resolve("trial.lock"), StandardOpenOption.WRITE)) {
      first.close();
      assertThat(waiting.tryLock()).isNotNull();
      assertThat(store.take("trial")).isEmpty();
    }
  }

  @Test
  void widthIsSolvedFor() {
    assertThat(Width.nearest(1000, h -> 7.0 * h + 3)).isEqualTo(142);
    assertThat(Width.nearest(1, h -> 7.0 * h + 3)).isEqualTo(1);
  }

  @Test
  void unknownClaimsAndBudgetsNameTheNearest() {
    assertThatThrownBy(() -> Claims.numbered("90")).hasMessageContaining("09");
    assertThatThrownBy(() -> Budget.named("quik")).hasMessageContaining("did you mean 'quick'");
    assertThat(Claims.numbered("9").about().number()).isEqualTo(9);
  }
}
