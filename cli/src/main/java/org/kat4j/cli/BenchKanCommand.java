package org.kat4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.kat4j.bench.KanBench;
import org.kat4j.error.UserException;
import org.kat4j.torch.Device;
import org.kat4j.torch.Host;
import org.kat4j.torch.Precision;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j bench kan}. */
@Command(
    name = "kan",
    mixinStandardHelpOptions = true,
    description =
        "Every KAN layer against a linear layer of as many parameters, and against efficient-kan's composed form.")
final class BenchKanCommand implements Callable<Integer> {
  @Option(
      names = "--rows",
      defaultValue = "1024",
      description = "Inputs of a batch; default: ${DEFAULT-VALUE}.")
  private int rows;

  @Option(
      names = "--in",
      defaultValue = "128",
      description = "Inputs of a layer; default: ${DEFAULT-VALUE}.")
  private int in;

  @Option(
      names = "--out",
      defaultValue = "128",
      description = "Outputs of a layer; default: ${DEFAULT-VALUE}.")
  private int out;

  @Option(
      names = "--functions",
      split = ",",
      paramLabel = "KIND",
      description = "Names of the layers, as in YAML; default: all.")
  private List<String> functions = new ArrayList<>();

  @Option(
      names = "--rounds",
      defaultValue = "15",
      description = "Measured turns of each side, on a GPU ten calls; default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--composed",
      description = "Layers from libtorch's operations instead of their kernels.")
  private boolean composed;

  @Mixin private final DeviceOption deviceOption = new DeviceOption();

  @Mixin private final PrecisionOption precisionOption = new PrecisionOption();

  @Mixin private final JsonOption json = new JsonOption();

  /** One layer: medians in milliseconds, and both directions by the other side's. */
  private record Layer(
      String kind,
      long parameters,
      double forwardMs,
      double backwardMs,
      double linearForwardMs,
      double linearBackwardMs,
      double toLinear,
      double toComposed) {
    static Layer of(KanBench.Row row) {
      return new Layer(
          row.kind(),
          row.parameters(),
          row.forward().median(),
          row.backward(),
          row.linearForward().median(),
          row.linearBoth().median() - row.linearForward().median(),
          row.toLinear(),
          row.toComposed());
    }
  }

  /** What {@code --json} prints. */
  private record Summary(
      String device,
      String precision,
      int rows,
      int in,
      int out,
      int threads,
      List<Layer> layers) {}

  @Override
  public Integer call() {
    for (int size : new int[] {rows, in, out, rounds}) {
      if (size < 1) {
        throw new UserException("--rows, --in, --out and --rounds: at least 1, not " + size);
      }
    }
    List<String> kinds = functions.isEmpty() ? List.copyOf(KanBench.layers().keySet()) : functions;
    kinds.forEach(KanBench::layer); // unknown names are said before anything is measured
    Device device = deviceOption.device();
    Precision precision = precisionOption.on(device);
    String precisionName = precisionOption.name();
    System.out.println(
        "KAN layers %d x %d -> %d, %s, %s".formatted(rows, in, out, device, precisionName));
    System.out.println(KanBench.heading());
    List<Layer> layers = new ArrayList<>();
    for (String kind : kinds) {
      KanBench.Row row = KanBench.run(device, precision, kind, rows, in, out, rounds, !composed);
      System.out.println(row.line());
      layers.add(Layer.of(row));
    }
    json.print(
        new Summary(device.toString(), precisionName, rows, in, out, Host.threads(), layers));
    return 0;
  }
}
