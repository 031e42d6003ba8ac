package org.kat4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.kat4j.bench.MixerBench;
import org.kat4j.error.UserException;
import org.kat4j.torch.Device;
import org.kat4j.torch.Host;
import org.kat4j.torch.Precision;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j bench mixers}. */
@Command(
    name = "mixers",
    mixinStandardHelpOptions = true,
    description = "Token mixers alone, on grids of several sizes, against attention.")
final class BenchMixersCommand implements Callable<Integer> {
  private static final int LARGEST_SIDE = 128;

  @Option(
      names = "--mixers",
      split = ",",
      paramLabel = "KIND",
      description = "Names of the mixers, as in YAML; default: all.")
  private List<String> mixers = new ArrayList<>();

  @Option(
      names = "--sides",
      split = ",",
      defaultValue = "7,14,28,56",
      paramLabel = "N",
      description = "Sides of the square grids, in tokens; default: ${DEFAULT-VALUE}.")
  private List<Integer> sides = new ArrayList<>();

  @Option(
      names = "--batch",
      defaultValue = "8",
      description = "Samples of a batch; default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--width",
      defaultValue = "64",
      description = "Channels of a token; default: ${DEFAULT-VALUE}.")
  private int width;

  @Option(
      names = "--rounds",
      defaultValue = "15",
      description = "Measured turns of each side, on a GPU ten calls; default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Mixin private final DeviceOption deviceOption = new DeviceOption();

  @Mixin private final PrecisionOption precisionOption = new PrecisionOption();

  @Mixin private final JsonOption json = new JsonOption();

  /** One mixer on one grid: medians in milliseconds, both directions by attention's. */
  private record Measured(
      String mixer,
      int tokens,
      long parameters,
      double forwardMs,
      double backwardMs,
      double toAttention) {
    static Measured of(MixerBench.Row row) {
      return new Measured(
          row.mixer(),
          row.tokens(),
          row.parameters(),
          row.forward().median(),
          row.backward(),
          row.toAttention());
    }
  }

  /** What {@code --json} prints. */
  private record Summary(
      String device, String precision, int batch, int width, int threads, List<Measured> mixers) {}

  @Override
  public Integer call() {
    BenchCommand.atLeastOne("--batch", batch);
    BenchCommand.atLeastOne("--width", width);
    BenchCommand.atLeastOne("--rounds", rounds);
    for (int side : sides) {
      if (side < 1 || side > LARGEST_SIDE) {
        throw new UserException("--sides %d: 1 to %d".formatted(side, LARGEST_SIDE));
      }
    }
    Device device = deviceOption.device();
    Precision precision = precisionOption.on(device);
    String precisionName = precisionOption.name();
    List<String> names = mixers.isEmpty() ? List.copyOf(MixerBench.mixers(width).keySet()) : mixers;
    System.out.printf(
        "token mixers, batch %d, width %d, %s, %s; ratio: both passes by attention's%n",
        batch, width, device, precisionName);
    System.out.println(MixerBench.heading());
    List<Measured> measured = new ArrayList<>();
    for (int side : sides) {
      for (MixerBench.Row row :
          MixerBench.run(device, precision, names, batch, width, side, rounds)) {
        System.out.println(row.line());
        measured.add(Measured.of(row));
      }
    }
    json.print(
        new Summary(device.toString(), precisionName, batch, width, Host.threads(), measured));
    return 0;
  }
}
