package org.kat4j.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.kernel.Baselines;
import org.kat4j.kernel.CudaGraph;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Signature;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;

/**
 * Inference of models against each other: from a batch of random images on the device to logits in
 * Java's memory, one call after the other.
 */
public final class InferBench {
  private static final int WARM_UP_CALLS = 10;

  private InferBench() {}

  /** Latency of one call in milliseconds and throughput. */
  public record Side(String name, int batch, double p50, double p95, double imagesPerSecond) {}

  /** All models at all batch sizes; each is compared with the last model at its batch size. */
  public record Result(String device, String precision, List<Side> sides) {
    public String table() {
      StringBuilder text = new StringBuilder();
      text.append("inference, %s, %s, ms of a call%n".formatted(device, precision));
      for (Side side : sides) {
        Side last = sides.stream().filter(s -> s.batch == side.batch).toList().getLast();
        text.append(
            String.format(
                Locale.ROOT,
                "  batch %3d  %-28s p50 %8.2f  p95 %8.2f  %9.1f images/s  time ratio %.3f%n",
                side.batch,
                side.name,
                side.p50,
                side.p95,
                side.imagesPerSecond,
                side.p50 / last.p50));
      }
      return text.toString();
    }
  }

  /**
   * @param calls measured ones of each side
   * @param graphs whether each model is also measured as a {@link CudaGraph}
   */
  public static Result run(
      Device device,
      List<String> models,
      Precision precision,
      List<Integer> batches,
      int calls,
      boolean graphs) {
    Map<String, ImageModel> built = new LinkedHashMap<>();
    for (String name : models) {
      Context context = new Context(device, DType.FLOAT32, new RandomStream(1), 0, 1, true);
      built.put(name, ImageModel.Spec.named(name).build(context));
    }
    List<Side> sides = new ArrayList<>();
    for (int batch : batches) {
      List<Call> contenders = new ArrayList<>();
      for (boolean graph : graphs ? new boolean[] {false, true} : new boolean[] {false}) {
        built.forEach((name, model) ->
            contenders.add(new Call(name, model, device, precision, batch, graph)));
      }
      double[][] milliseconds = new double[contenders.size()][calls];
      for (Call call : contenders) {
        for (int i = 0; i < WARM_UP_CALLS; i++) {
          call.run();
        }
      }
      for (int i = 0; i < calls; i++) {
        for (int c = 0; c < contenders.size(); c++) {
          long start = System.nanoTime();
          contenders.get(c).run();
          milliseconds[c][i] = (System.nanoTime() - start) / 1e6;
        }
      }
      for (int c = 0; c < contenders.size(); c++) {
        double total = 0;
        for (double of : milliseconds[c]) {
          total += of;
        }
        sides.add(
            new Side(
                contenders.get(c).name,
                batch,
                Timing.percentile(milliseconds[c], 50),
                Timing.percentile(milliseconds[c], 95),
                1000.0 * batch * calls / total));
      }
    }
    return new Result(device.toString(), precision.name().toLowerCase(Locale.ROOT), sides);
  }

  /** A model and a batch for it. */
  private static final class Call implements Runnable {
    private final String name;
    private final ImageModel model;
    private final Device device;
    private final Precision precision;
    private final Tensor images;
    private final Tensor logits;
    private final @Nullable CudaGraph graph;

    Call(
        String name,
        ImageModel model,
        Device device,
        Precision precision,
        int batch,
        boolean graph) {
      this.name = graph ? name + ", graph" : name;
      this.model = model;
      this.device = device;
      this.precision = precision;
      Signature.Images input = model.spec().signature();
      images =
          Scope.keep(
              Memory.to(
                  Baselines.normal(
                      "float32", batch, input.channels(), input.height(), input.width()),
                  device));
      logits = Scope.keep(Memory.to(Baselines.normal("float32", batch, input.outputs()), device));
      this.graph = graph ? CudaGraph.record(device, this::forward) : null;
    }

    private void forward() {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients();
          var _ = precision.on(device)) {
        logits.copy_(model.forward(images, Pass.evaluation()));
      }
    }

    @Override
    public void run() {
      if (graph == null) {
        forward();
      } else {
        graph.replay();
      }
      Memory.doubles(logits); // waits for the device
    }
  }
}
