package org.kat4j.cli;

import java.util.Arrays;
import java.util.concurrent.Callable;
import org.kat4j.bench.RationalBench;
import org.kat4j.error.UserException;
import org.kat4j.torch.Host;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j bench rational}. */
@Command(
    name = "rational",
    mixinStandardHelpOptions = true,
    description =
        "The group rational kernel against GELU, against composed operations and against copying memory.")
final class BenchRationalCommand implements Callable<Integer> {
  @Option(
      names = "--shape",
      split = ",",
      defaultValue = "16,197,768",
      paramLabel = "N",
      description = "Shape of the tensor, channels last; default: ${DEFAULT-VALUE}.")
  private long[] shape = {};

  @Option(
      names = "--dtype",
      defaultValue = "float32",
      description = "float32, float64 or bfloat16; default: ${DEFAULT-VALUE}.")
  private String dtype = "float32";

  @Option(
      names = "--groups",
      defaultValue = "8",
      description = "Groups of channels; default: ${DEFAULT-VALUE}.")
  private int groups;

  @Option(
      names = "--rounds",
      defaultValue = "40",
      description = "Measured calls of each side; default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Mixin private final DeviceOption device = new DeviceOption();

  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints: medians in milliseconds. */
  private record Summary(
      double forwardMs,
      double backwardMs,
      double geluForwardMs,
      double geluBackwardMs,
      double composedForwardMs,
      double composedBackwardMs, // autograd runs both: the difference to the forward
      double copyGBs,
      int threads) {}

  @Override
  public Integer call() {
    check();
    var r = RationalBench.run(device.device(), shape, dtype, groups, rounds);
    System.out.println(r.table());
    json.print(
        new Summary(
            r.forward().median(),
            r.backward().median(),
            r.geluForward().median(),
            r.geluBackward().median(),
            r.composedForward().median(),
            r.composedBoth().median() - r.composedForward().median(),
            r.copyBandwidth(),
            Host.threads()));
    return 0;
  }

  private void check() {
    boolean sound = shape.length > 0 && Arrays.stream(shape).allMatch(size -> size > 0);
    if (!sound) {
      throw new UserException(
          "--shape " + Arrays.toString(shape) + ": sizes above 0, for example 16,197,768");
    }
    if (groups < 1 || shape[shape.length - 1] % groups != 0) {
      throw new UserException(
          "--groups "
              + groups
              + ": does not divide the "
              + shape[shape.length - 1]
              + " channels of --shape");
    }
    BenchCommand.atLeastOne("--rounds", rounds);
  }
}
