package org.kat4j.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.kat4j.bench.InferBench;
import org.kat4j.bench.KanBench;
import org.kat4j.bench.LoaderBench;
import org.kat4j.bench.RationalBench;
import org.kat4j.bench.ServeBench;
import org.kat4j.bench.StartupBench;
import org.kat4j.bench.TrainBench;
import org.kat4j.error.UserException;
import org.kat4j.torch.Device;
import org.kat4j.torch.Host;
import org.kat4j.torch.Precision;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j bench}. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Benchmarks that print both sides and the ratio from one run.",
    subcommands = {
      BenchCommand.Rational.class,
      BenchCommand.Train.class,
      BenchCommand.Infer.class,
      BenchCommand.Startup.class,
      BenchCommand.Kan.class,
      BenchCommand.LoaderRates.class,
      BenchCommand.Serve.class
    })
final class BenchCommand {

  /** {@code kat4j bench serve}. */
  @Command(
      name = "serve",
      mixinStandardHelpOptions = true,
      description = {
        "The server under load: requests/s, p50 and p99 at several numbers of connections, against the bare model.",
        "Without --run or --weights: a fresh model of the name in --model, kat_nano by default."
      })
  static final class Serve implements Callable<Integer> {
    private static final int MOST_CONNECTIONS = 1024;

    @Mixin private final WeightsOptions weights = new WeightsOptions();

    @Option(
        names = "--connections",
        split = ",",
        defaultValue = "1,8,64",
        paramLabel = "N",
        description = "Numbers of connections; default: ${DEFAULT-VALUE}.")
    private int[] connections = {};

    @Option(
        names = "--seconds",
        defaultValue = "5",
        paramLabel = "N",
        description = "Measured time of each; default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Mixin private final JsonOption json = new JsonOption();

    /** What {@code --json} prints for each number of connections, one object a line. */
    private record Summary(
        int connections,
        double requestsPerSecond,
        double p50Ms,
        double p99Ms,
        int failed,
        double bareImagesPerSecond,
        int threads) {}

    @Override
    public Integer call() {
      boolean sound =
          connections.length > 0
              && Arrays.stream(connections).allMatch(n -> n >= 1 && n <= MOST_CONNECTIONS);
      if (!sound) {
        throw new UserException(
            "--connections " + Arrays.toString(connections) + ": 1 to " + MOST_CONNECTIONS);
      }
      if (!(seconds > 0 && seconds <= 3600)) {
        throw new UserException("--seconds " + seconds + ": above 0, at most 3600");
      }
      var r = ServeBench.run(weights.classifierOrFresh("kat_nano"), connections, seconds);
      System.out.print(r.table());
      for (ServeBench.Load load : r.loads()) {
        json.print(
            new Summary(
                load.connections(),
                load.requestsPerSecond(),
                load.p50(),
                load.p99(),
                load.failed(),
                r.bareImagesPerSecond(),
                Host.threads()));
      }
      return 0;
    }
  }

  /** {@code kat4j bench rational}. */
  @Command(
      name = "rational",
      mixinStandardHelpOptions = true,
      description =
          "The group rational kernel against GELU, against composed operations and against copying memory.")
  static final class Rational implements Callable<Integer> {
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

    @Option(
        names = "--device",
        defaultValue = "cpu",
        paramLabel = "NAME",
        description = "cpu, cuda or cuda:N; default: ${DEFAULT-VALUE}.")
    private String device = "cpu";

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
      var r = RationalBench.run(Device.parse(device), shape, dtype, groups, rounds);
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
      atLeastOne("--rounds", rounds);
    }
  }

  /** {@code kat4j bench train}. */
  @Command(
      name = "train",
      mixinStandardHelpOptions = true,
      description = "Training steps of models against each other: time, images/s, peak memory.")
  static final class Train implements Callable<Integer> {
    @Mixin private final ModelOptions models = new ModelOptions();

    @Option(
        names = "--batch-size",
        defaultValue = "32",
        paramLabel = "N",
        description = "Images of a batch; default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
        names = "--rounds",
        defaultValue = "10",
        paramLabel = "N",
        description = "Measured turns of each side; default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Mixin private final JsonOption json = new JsonOption();

    @Override
    public Integer call() {
      atLeastOne("--batch-size", batch);
      atLeastOne("--rounds", rounds);
      var result =
          TrainBench.run(models.device(), models.names(), models.precision(), batch, rounds);
      System.out.print(result.table());
      json.print(result);
      return 0;
    }
  }

  /** {@code kat4j bench infer}. */
  @Command(
      name = "infer",
      mixinStandardHelpOptions = true,
      description = "Inference of models against each other: latency and throughput.")
  static final class Infer implements Callable<Integer> {
    @Mixin private final ModelOptions models = new ModelOptions();

    @Option(
        names = "--batch-sizes",
        split = ",",
        defaultValue = "1,8,64",
        paramLabel = "N",
        description = "Images of a call; default: ${DEFAULT-VALUE}.")
    private List<Integer> batches = List.of();

    @Option(
        names = "--calls",
        defaultValue = "40",
        paramLabel = "N",
        description = "Measured calls of each side; default: ${DEFAULT-VALUE}.")
    private int calls;

    @Mixin private final JsonOption json = new JsonOption();

    @Override
    public Integer call() {
      batches.forEach(batch -> atLeastOne("--batch-sizes", batch));
      atLeastOne("--calls", calls);
      var result =
          InferBench.run(models.device(), models.names(), models.precision(), batches, calls);
      System.out.print(result.table());
      json.print(result);
      return 0;
    }
  }

  /** {@code kat4j bench startup}. */
  @Command(
      name = "startup",
      mixinStandardHelpOptions = true,
      description = "Whole commands in fresh processes, with and without libtorch.")
  static final class Startup implements Callable<Integer> {
    @Option(
        names = "--rounds",
        defaultValue = "5",
        paramLabel = "N",
        description = "Measured runs of each command; default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Mixin private final JsonOption json = new JsonOption();

    @Override
    public Integer call() {
      atLeastOne("--rounds", rounds);
      var result =
          StartupBench.run(
              Main.class.getName(), List.of(List.of("--help"), List.of("models")), rounds);
      System.out.print(result.table());
      json.print(result);
      return 0;
    }
  }

  /** Which models, where, and in what arithmetic. */
  static final class ModelOptions {
    @Option(
        names = "--models",
        split = ",",
        defaultValue = "kat_micro,vit_micro",
        paramLabel = "NAME",
        description = "Registered models, the last is the yardstick; default: ${DEFAULT-VALUE}.")
    private List<String> names = List.of();

    @Option(
        names = "--device",
        defaultValue = "cpu",
        paramLabel = "NAME",
        description = "cpu, cuda or cuda:N; default: ${DEFAULT-VALUE}.")
    private String device = "cpu";

    @Option(
        names = "--precision",
        defaultValue = "float32",
        paramLabel = "NAME",
        description = "float32, tf32 or bfloat16; default: ${DEFAULT-VALUE}.")
    private String precision = "float32";

    List<String> names() {
      return names;
    }

    Device device() {
      return Device.parse(device);
    }

    Precision precision() {
      return Precision.parse(precision);
    }
  }

  private static void atLeastOne(String option, int value) {
    if (value < 1) {
      throw new UserException(option + " " + value + ": at least 1");
    }
  }

  /** {@code kat4j bench kan}. */
  @Command(
      name = "kan",
      mixinStandardHelpOptions = true,
      description =
          "Every KAN layer against a linear layer of as many parameters, and against efficient-kan's composed form.")
  static final class Kan implements Callable<Integer> {
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
        description = "Measured calls of each side; default: ${DEFAULT-VALUE}.")
    private int rounds;

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
    private record Summary(int rows, int in, int out, int threads, List<Layer> layers) {}

    @Override
    public Integer call() {
      for (int size : new int[] {rows, in, out, rounds}) {
        if (size < 1) {
          throw new UserException("--rows, --in, --out and --rounds: at least 1, not " + size);
        }
      }
      List<String> kinds =
          functions.isEmpty() ? List.copyOf(KanBench.layers().keySet()) : functions;
      kinds.forEach(KanBench::layer); // unknown names are said before anything is measured
      System.out.println("KAN layers %d x %d -> %d, float32".formatted(rows, in, out));
      System.out.println(KanBench.heading());
      List<Layer> layers = new ArrayList<>();
      for (String kind : kinds) {
        KanBench.Row row = KanBench.run(kind, rows, in, out, rounds);
        System.out.println(row.line());
        layers.add(Layer.of(row));
      }
      json.print(new Summary(rows, in, out, Host.threads(), layers));
      return 0;
    }
  }

  /** {@code kat4j bench loader}. */
  @Command(
      name = "loader",
      mixinStandardHelpOptions = true,
      description =
          "The image loader against the bare decoding of JPEGs and against what training takes.")
  static final class LoaderRates implements Callable<Integer> {
    @Option(
        names = "--rounds",
        defaultValue = "12",
        description = "Measured passes over 24 pictures; default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Mixin private final JsonOption json = new JsonOption();

    /** What {@code --json} prints: medians in milliseconds an image on one thread, and rates. */
    private record Summary(
        double bareDecodeMs,
        double evaluationMs,
        double evaluationRatio,
        double cropFlipMs,
        double cropFlipRatio,
        double recipeMs,
        double recipeRatio,
        double trainingImagesPerSecond,
        double loaderImagesPerSecond,
        double loaderJpegImagesPerSecond) {}

    @Override
    public Integer call() {
      atLeastOne("--rounds", rounds);
      LoaderBench.Result r = LoaderBench.run(rounds);
      System.out.println(r.table());
      double bare = r.bare().median();
      json.print(
          new Summary(
              bare,
              r.evaluation().median(),
              r.evaluation().median() / bare,
              r.light().median(),
              r.light().median() / bare,
              r.recipe().median(),
              r.recipe().median() / bare,
              r.trainingRate(),
              r.smallRate(),
              r.smallJpegRate()));
      return 0;
    }
  }
}
