package org.kat4j.lab;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.kat4j.error.DivergedException;
import org.kat4j.torch.Device;
import org.kat4j.torch.Host;
import org.kat4j.torch.PeakMemory;

/**
 * Runs the trials of a claim and says what they mean.
 *
 * <p>The same for every claim: data are split and scaled before anything is trained; every arm gets
 * the same number of tries on validation data; test data are used once, with the last weights;
 * failures are counted. What is finished stays finished: a run that was killed goes on, and several
 * processes on one folder share the work.
 */
public final class Runner {
  private static final long MILLISECONDS_BETWEEN_LOOKS = 500;

  private final Path root;
  private final Workplace place;
  private final Progress progress;

  /**
   * @param root folder of all claims, such as {@code lab-runs}
   */
  public Runner(Path root, Workplace place, Progress progress) {
    this.root = root;
    this.place = place;
    this.progress = progress;
  }

  /** The folder of a claim at a budget. */
  public static Path folder(Path root, int number, Budget budget) {
    return root.resolve(String.format(Locale.ROOT, "%02d", number)).resolve(budget.label());
  }

  /**
   * Runs what is not finished yet and writes {@code result.json}.
   *
   * @param seeds trainings of each arm, at least 1
   */
  public Result run(Claim claim, Budget budget, int seeds) {
    Path folder = folder(root, claim.about().number(), budget);
    TrialStore store = new TrialStore(folder.resolve("trials"));
    Plan plan = new Plan(claim, budget, seeds, place, store);
    boolean saidWaiting = false;
    List<Plan.Item> open = plan.open();
    while (!open.isEmpty()) {
      Optional<TrialStore.Lock> lock = Optional.empty();
      for (Plan.Item item : open) {
        lock = store.take(item.key());
        if (lock.isPresent()) {
          try (TrialStore.Lock _ = lock.get()) {
            run(item, plan, store);
          }
          break;
        }
      }
      if (lock.isEmpty() && !plan.open().isEmpty()) {
        if (!saidWaiting) {
          progress.waiting();
          saidWaiting = true;
        }
        sleep();
      }
      open = plan.open();
    }
    Result result = Judgement.of(claim, plan, machine());
    result.write(folder);
    return result;
  }

  private void run(Plan.Item item, Plan plan, TrialStore store) {
    Trial trial = item.trial();
    progress.begun(trial, item.study());
    Device device = place.device();
    PeakMemory.reset(device);
    long start = System.nanoTime();
    Measured measured;
    String failure = "";
    try {
      measured = item.experiment().body().run(trial);
      if (!trial.last()) {
        measured = withoutTest(measured);
      }
      if (!Double.isFinite(trial.last() ? measured.test() : measured.validation())) {
        failure = "the score is not a number";
      }
    } catch (DivergedException diverged) {
      measured = new Measured(Double.NaN, Double.NaN, 0, 0, List.of(), Map.of());
      failure = String.valueOf(diverged.getMessage());
    }
    Outcome outcome =
        new Outcome(
            item.study().name(),
            trial.arm().name(),
            trial.rate(),
            trial.seed(),
            trial.last(),
            measured,
            failure,
            (System.nanoTime() - start) / 1e9,
            PeakMemory.bytes(device),
            machine());
    store.put(item.key(), outcome);
    progress.finished(
        outcome, item.study().measure(), plan.done(), plan.size(), plan.secondsLeft());
  }

  /** A score on test data must not even be on disk while rates are chosen. */
  private static Measured withoutTest(Measured m) {
    return new Measured(
        m.validation(), Double.NaN, m.steps(), m.trainSeconds(), m.curve(), m.extras());
  }

  private String machine() {
    return "%s, %d threads, %s %s, libtorch %s"
        .formatted(
            place.device(),
            Host.threads(),
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            Host.libtorchVersion());
  }

  private static void sleep() {
    try {
      Thread.sleep(MILLISECONDS_BETWEEN_LOOKS);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for other processes", stopped);
    }
  }
}
