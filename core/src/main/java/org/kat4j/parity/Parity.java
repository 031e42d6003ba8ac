package org.kat4j.parity;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.StreamSupport;
import org.kat4j.torch.DType;
import org.kat4j.torch.Scope;

/** Checks kat4j against tensors recorded from the official implementations. */
public final class Parity {
  private static final List<DType> DTYPES = List.of(DType.FLOAT64, DType.FLOAT32);

  /**
   * The outcome for one file.
   *
   * @param name the file's name without suffix
   * @param passed whether every tensor is within its tolerance, in float64 and in float32
   * @param float64Error largest relative error in float64
   * @param float32Error largest relative error in float32
   * @param worst the tensor farthest from its recording, or why nothing could be compared
   * @param compared numbers of comparisons
   */
  public record Result(
      String name,
      boolean passed,
      double float64Error,
      double float32Error,
      String worst,
      int compared) {
    /** One line for a person. */
    public String line() {
      String verdict = passed ? "pass" : "FAIL";
      if (compared == 0) {
        return String.format(Locale.ROOT, "%s  %-32s %s", verdict, name, worst);
      }
      return String.format(
          Locale.ROOT,
          "%s  %-32s float64 %.1e  float32 %.1e  worst %s",
          verdict,
          name,
          float64Error,
          float32Error,
          worst);
    }
  }

  private Parity() {}

  /** Runs one golden file. */
  public static Result check(Path file) {
    return check(file, ServiceLoader.load(ParityAdapter.class));
  }

  /**
   * Whatever an adapter throws is the outcome of its file: the files after it are still checked.
   */
  static Result check(Path file, Iterable<ParityAdapter> adapters) {
    try (Golden golden = Golden.open(file)) {
      try {
        return run(golden, adapters);
      } catch (UnsupportedOperationException missing) {
        return failed(golden, "not built yet: " + missing.getMessage());
      } catch (RuntimeException | Error fault) {
        return failed(golden, fault.toString().lines().findFirst().orElse(""));
      }
    }
  }

  private static Result run(Golden golden, Iterable<ParityAdapter> adapters) {
    Optional<ParityAdapter> adapter =
        StreamSupport.stream(adapters.spliterator(), false)
            .filter(candidate -> candidate.covers(golden))
            .findFirst();
    if (adapter.isEmpty()) {
      return failed(golden, "not built yet: no adapter knows this part");
    }
    Comparison[] runs = new Comparison[DTYPES.size()];
    for (int i = 0; i < runs.length; i++) {
      runs[i] = new Comparison(DTYPES.get(i));
      try (Scope _ = Scope.open()) {
        adapter.get().run(golden, runs[i]);
      }
    }
    boolean passed = runs[0].passed() && runs[1].passed();
    String worst = runs[0].passed() ? runs[1].worst() : runs[0].worst();
    return new Result(
        golden.name(),
        passed,
        runs[0].largest(),
        runs[1].largest(),
        worst,
        runs[0].compared() + runs[1].compared());
  }

  private static Result failed(Golden golden, String what) {
    return new Result(golden.name(), false, Double.NaN, Double.NaN, what, 0);
  }
}
