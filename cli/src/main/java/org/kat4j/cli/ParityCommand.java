package org.kat4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.kat4j.error.OneLine;
import org.kat4j.error.UserException;
import org.kat4j.parity.Parity;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code kat4j parity}. */
@Command(
    name = "parity",
    mixinStandardHelpOptions = true,
    description = {
      "Checks kat4j against tensors recorded from the official implementations.",
      "Each golden file is run forward and backward in float64 and float32; exit code 0 only if all pass."
    })
final class ParityCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", arity = "1..*", description = "Golden .safetensors files.")
  private List<Path> files = new ArrayList<>();

  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints: the largest relative errors over all files. */
  private record Summary(
      int passed, int failed, double maxRelativeError, double maxRelativeErrorFloat32) {}

  @Override
  public Integer call() {
    int passed = 0;
    double largest64 = 0;
    double largest32 = 0;
    UserException broken = null;
    for (Path file : files) { // whatever becomes of one, the others are still checked
      try {
        Parity.Result result = Parity.check(file);
        System.out.println(OneLine.of(result.line()));
        passed += result.passed() ? 1 : 0;
        largest64 = Math.max(largest64, result.float64Error());
        largest32 = Math.max(largest32, result.float32Error());
      } catch (UserException unreadable) {
        System.out.println("FAIL  " + OneLine.of(unreadable.getMessage()));
        broken = unreadable;
      }
    }
    int failed = files.size() - passed;
    System.out.printf("%d passed, %d failed%n", passed, failed);
    json.print(new Summary(passed, failed, largest64, largest32));
    if (broken != null) {
      throw broken;
    }
    return failed == 0 ? 0 : 1;
  }
}
