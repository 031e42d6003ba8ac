package org.kat4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.attention.Heads;
import org.kat4j.attention.Scores;
import org.kat4j.attention.Sight;
import org.kat4j.attention.Softmax;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.LinearCrossEntropy;
import org.kat4j.kernel.CrossEntropyKernel;
import org.kat4j.kernel.Kernels;
import org.kat4j.model.CausalTransformer;
import org.kat4j.model.generate.Generator;
import org.kat4j.model.generate.Request;
import org.kat4j.model.generate.Sampling;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * Kernels of language models on a GPU against libtorch's operations in float64 on the CPU: losses
 * and their gradients, GELU, attention of the next token, steps of AdamW; then texts that both
 * devices write.
 */
final class LanguageChecks {
  private LanguageChecks() {}

  /** How many are off; prints a line for each check. */
  static int failures(Device gpu) {
    int wrong = 0;
    for (DType dtype : DType.values()) {
      for (int[] sizes : new int[][] {{1, 64, 3}, {37, 192, 190}, {5, 50_304, 50_257}}) {
        wrong += lossPasses(dtype, sizes[0], sizes[1], sizes[2], gpu) ? 0 : 1;
      }
      for (int width : new int[] {32, 64, 128}) {
        for (int places : new int[] {1, 2, 100, 700}) {
          wrong += attentionPasses(dtype, width, places, gpu) ? 0 : 1;
        }
      }
    }
    for (DType dtype : DType.values()) {
      for (long[] sizes : new long[][] {{1, 1}, {37, 35}, {1001, 768}, {131, 3072}, {9, 6400}}) {
        wrong += geluPasses(dtype, sizes, gpu) ? 0 : 1;
      }
    }
    for (DType dtype : List.of(DType.BFLOAT16, DType.FLOAT16)) {
      for (int width : new int[] {24, 35, 768}) {
        wrong += shortNormPasses(dtype, width, gpu) ? 0 : 1;
      }
    }
    wrong += meanPasses(Precision.FLOAT32, DType.FLOAT32, gpu) ? 0 : 1;
    wrong += meanPasses(Precision.BFLOAT16, DType.BFLOAT16, gpu) ? 0 : 1;
    for (double max : new double[] {0, 1, 1e6}) {
      wrong += stepsPass(max, gpu) ? 0 : 1;
    }
    for (int texts : new int[] {1, 3}) {
      for (Sampling sampling : List.of(Sampling.greedy(), new Sampling(0.9, 5, 0.9))) {
        wrong += textsAreEqual(texts, sampling, gpu) ? 0 : 1;
      }
    }
    return wrong;
  }

  private static boolean print(boolean passed, String what, double... errors) {
    StringBuilder line = new StringBuilder();
    for (double error : errors) {
      line.append(String.format(Locale.ROOT, " %.1e", error));
    }
    System.out.printf("%s  %s%s%n", passed ? "pass" : "FAIL", what, line);
    return passed;
  }

  private static boolean lossPasses(DType dtype, int rows, int columns, int classes, Device gpu) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor z = Memory.to(BasisFunctions.normal(1, rows, columns), dtype);
      long[] numbers = new long[rows];
      Arrays.setAll(numbers, i -> i == 0 ? classes - 1 : 31L * i % classes);
      Tensor wanted = Tensor.create(numbers);
      var exact =
          Kernels.composedCrossEntropy()
              .lossAndGradient(Memory.to(z, DType.FLOAT64).clone(), classes, wanted);
      Tensor onGpu = Memory.to(z, gpu);
      CrossEntropyKernel kernel = Kernels.crossEntropy(onGpu, columns);
      Tensor ofGpu = Memory.to(wanted, gpu);
      double[] alone = Memory.doubles(kernel.loss(onGpu.clone(), classes, ofGpu));
      var found = kernel.lossAndGradient(onGpu.clone(), classes, ofGpu);
      var again = kernel.lossAndGradient(onGpu.clone(), classes, ofGpu);
      double ofLoss = RelativeError.of(Memory.doubles(found.loss()), Memory.doubles(exact.loss()));
      double ofGradient =
          RelativeError.of(Memory.doubles(found.gradient()), Memory.doubles(exact.gradient()));
      boolean passed =
          kernel != Kernels.composedCrossEntropy()
              && Arrays.equals(alone, Memory.doubles(found.loss()))
              && Arrays.equals(Memory.doubles(found.gradient()), Memory.doubles(again.gradient()))
              && ofLoss <= GpuSmoke.tolerance(dtype == DType.FLOAT64 ? dtype : DType.FLOAT32)
              && ofGradient <= GpuSmoke.tolerance(dtype);
      return print(
          passed,
          "%s  cross entropy of %d x %d logits, %d classes: loss, gradient"
              .formatted(dtype, rows, columns, classes),
          ofLoss,
          ofGradient);
    }
  }

  private static boolean attentionPasses(DType dtype, int width, int places, Device gpu) {
    int texts = 2;
    int heads = 6;
    int shared = 3;
    int capacity = 704;
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor keys =
          Memory.to(BasisFunctions.normal(1, texts, heads / shared, capacity, width), dtype);
      Tensor values =
          Memory.to(BasisFunctions.normal(2, texts, heads / shared, capacity, width), dtype);
      // As a matrix of queries, keys and values gives them: parts of longer rows.
      Tensor token =
          Memory.to(BasisFunctions.normal(3, texts, 1, heads + 2L * heads / shared, width), dtype);
      int kept = heads / shared;
      int[] starts = {0, heads, heads + kept};
      int[] counts = {heads, kept, kept};
      Tensor[] onGpu = new Tensor[3];
      Tensor[] exact = new Tensor[3];
      for (int i = 0; i < 3; i++) {
        onGpu[i] = Memory.to(token, gpu).narrow(2, starts[i], counts[i]).transpose(1, 2);
        exact[i] = wide(token).narrow(2, starts[i], counts[i]).transpose(1, 2);
      }
      Tensor gpuKeys = Memory.to(keys, gpu);
      Tensor gpuValues = Memory.to(values, gpu);
      var found = Kernels.nextToken(gpuKeys);
      boolean expected = width * bytes(dtype) <= 32 * 16;
      if (found.isEmpty()) {
        return print(!expected, "%s  no kernel for heads of %d".formatted(dtype, width));
      }
      Tensor place = Memory.to(Tensor.create(places - 1L), gpu);
      found.get().append(gpuKeys, gpuValues, onGpu[1], onGpu[2], place);
      Tensor y = found.get().attend(onGpu[0], gpuKeys, gpuValues, place);
      Tensor k = wide(keys).clone();
      Tensor v = wide(values).clone();
      k.narrow(2, places - 1, 1).copy_(exact[1]);
      v.narrow(2, places - 1, 1).copy_(exact[2]);
      boolean inPlace =
          Arrays.equals(Memory.doubles(k), Memory.doubles(gpuKeys))
              && Arrays.equals(Memory.doubles(v), Memory.doubles(gpuValues));
      Context exactly = Context.cpu(1).withDType(DType.FLOAT64).composed();
      Tensor wanted =
          new Softmax.Spec()
              .build(new Heads((int) exact[0].size(1), (int) k.size(1), width), exactly)
              .mix(
                  exact[0],
                  k.narrow(2, 0, places),
                  v.narrow(2, 0, places),
                  Scores.plain(new Sight.All(), exact[0].size(2), places),
                  Pass.evaluation());
      double error = RelativeError.of(Memory.doubles(y), Memory.doubles(wanted));
      return print(
          inPlace && error <= GpuSmoke.tolerance(dtype),
          "%s  next token, heads of %d, %d places, %s:"
              .formatted(dtype, width, places, inPlace ? "kept" : "NOT kept"),
          error);
    }
  }

  private static int bytes(DType dtype) {
    return switch (dtype) {
      case FLOAT64 -> 8;
      case FLOAT32 -> 4;
      case BFLOAT16, FLOAT16 -> 2;
    };
  }

  private static Tensor wide(Tensor x) {
    return Memory.to(x, DType.FLOAT64);
  }

  private static boolean geluPasses(DType dtype, long[] sizes, Device gpu) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor x = Memory.to(BasisFunctions.normal(1, sizes), dtype);
      Tensor upstream = Memory.to(BasisFunctions.normal(2, sizes), dtype);
      var exact = Kernels.geluGradient(wide(x), wide(upstream));
      Tensor onGpu = Memory.to(x, gpu);
      BasisSmoke.poison(onGpu);
      var found = Kernels.geluGradient(onGpu, Memory.to(upstream, gpu));
      double ofInput =
          RelativeError.of(Memory.doubles(found.input()), Memory.doubles(exact.input()));
      double ofBias = RelativeError.of(Memory.doubles(found.bias()), Memory.doubles(exact.bias()));
      DType real = dtype == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
      return print(
          ofInput <= GpuSmoke.tolerance(dtype) && ofBias <= GpuSmoke.tolerance(real),
          "%s  back through a GELU, %s: input, bias".formatted(dtype, Arrays.toString(sizes)),
          ofInput,
          ofBias);
    }
  }

  /** Sum and norm where a model that only writes keeps everything in two bytes. */
  private static boolean shortNormPasses(DType dtype, int width, Device gpu) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor x = Memory.to(BasisFunctions.normal(1, 5, 1, width), dtype);
      Tensor branch = Memory.to(BasisFunctions.normal(2, 5, 1, width), dtype);
      Tensor sum = x.add(branch);
      LayerNorm twin =
          new LayerNorm(width, 1e-5, Context.cpu(3).withDType(DType.FLOAT64).composed());
      LayerNorm norm = new LayerNorm(width, 1e-5, Context.cpu(3).withDType(dtype).withDevice(gpu));
      Twins.draw(norm, twin, dtype, 3);
      double[] exact = Memory.doubles(twin.forward(wide(sum)));
      var both = norm.forwardSum(Memory.to(x, gpu), Memory.to(branch, gpu), true);
      double ofNorm = RelativeError.of(Memory.doubles(both.normed()), exact);
      double alone = RelativeError.of(Memory.doubles(norm.forward(Memory.to(sum, gpu))), exact);
      boolean same = Arrays.equals(Memory.doubles(both.sum()), Memory.doubles(sum));
      return print(
          same && ofNorm <= GpuSmoke.tolerance(dtype) && alone <= GpuSmoke.tolerance(dtype),
          "%s  sum and norm over %d, sum %s: after the sum, alone"
              .formatted(dtype, width, same ? "right" : "WRONG"),
          ofNorm,
          alone);
    }
  }

  /** Loss and gradients of the classifier. */
  private static boolean meanPasses(Precision precision, DType products, Device gpu) {
    try (Scope _ = Scope.open()) {
      double[][] exact = mean(Precision.FLOAT32, DType.FLOAT64, products, Device.CPU);
      double[][] found = mean(precision, DType.FLOAT32, products, gpu);
      double[] errors = new double[exact.length];
      Arrays.setAll(errors, i -> RelativeError.of(found[i], exact[i]));
      // Logits are rounded to the products' type; they reach 4.
      double tolerance = 4 * GpuSmoke.tolerance(products);
      return print(
          Arrays.stream(errors).allMatch(error -> error <= tolerance),
          "classifier and loss in %s: loss, of features, of weights".formatted(precision),
          errors);
    }
  }

  private static double[][] mean(Precision precision, DType dtype, DType rounded, Device device) {
    int rows = 300;
    int width = 40;
    int classes = 1003;
    Tensor ofX = Memory.to(BasisFunctions.normal(1, rows, width), rounded);
    Tensor ofW = Memory.to(BasisFunctions.normal(2, classes, width), rounded);
    Tensor x = Backpropagation.leaf(Memory.to(Memory.to(ofX, dtype), device), dtype);
    Tensor w = Backpropagation.leaf(Memory.to(Memory.to(ofW, dtype), device), dtype);
    long[] numbers = new long[rows];
    Arrays.setAll(numbers, i -> 37L * i % classes);
    Tensor tenth = Memory.like(x, new float[] {0.1f}, 1);
    Tensor loss;
    try (var _ = precision.on(device)) {
      loss = LinearCrossEntropy.mean(x.mul(tenth), w, Memory.to(Tensor.create(numbers), device));
    }
    precision.backward(loss);
    return new double[][] {
      Memory.doubles(loss), Memory.doubles(x.grad()), Memory.doubles(w.grad())
    };
  }

  /** Steps of AdamW with gradients whose norm is bounded, for 0 without a bound. */
  private static boolean stepsPass(double max, Device gpu) {
    try (Scope _ = Scope.open()) {
      double[] exact = afterSteps(max, DType.FLOAT64, Device.CPU);
      double[] found = afterSteps(max, DType.FLOAT32, gpu);
      double error = RelativeError.of(found, exact);
      return print(
          error <= GpuSmoke.tolerance(DType.FLOAT32),
          "3 steps of AdamW, norm of gradients at most %s: parameters"
              .formatted(max == 0 ? "as it is" : max),
          error);
    }
  }

  private static double[] afterSteps(double max, DType dtype, Device device) {
    long[][] shapes = {{3}, {7, 5}, {8192}, {301, 101}, {1}};
    SequencedMap<String, Tensor> parameters = new LinkedHashMap<>();
    for (int i = 0; i < shapes.length; i++) {
      Tensor values = Memory.to(BasisFunctions.normal(i, shapes[i]), DType.FLOAT32);
      parameters.put(
          "p" + i, Backpropagation.leaf(Memory.to(Memory.to(values, dtype), device), dtype));
    }
    try (AdamW adamw =
        new AdamW.Spec(1e-2, 0.1, 0.9, 0.999, 1e-8)
            .build(ParameterGroup.split(parameters, 0.1, Set.of()))) {
      for (int step = 1; step <= 3; step++) {
        int seed = 10 * step;
        parameters.forEach((name, parameter) -> {
          Tensor values =
              Memory.to(BasisFunctions.normal(seed + name.charAt(1), parameter.shape()), dtype);
          Backpropagation.setGradient(parameter, Memory.to(values, device));
        });
        if (max == 0) {
          adamw.step(1e-2);
        } else {
          adamw.clippedStep(parameters.values(), max, 1e-2);
        }
      }
    }
    return parameters.values().stream()
        .flatMapToDouble(parameter -> Arrays.stream(Memory.doubles(parameter)))
        .toArray();
  }

  /** A small model writes the same on both devices, beyond its longest text too. */
  private static boolean textsAreEqual(int texts, Sampling sampling, Device gpu) {
    List<int[]> prompts =
        IntStream.range(0, texts).mapToObj(i -> new int[] {1 + i, 2, 3, 4 + i}).toList();
    int[][][] written = new int[2][][];
    for (int side = 0; side < 2; side++) {
      Device device = side == 0 ? Device.CPU : gpu;
      try (CausalTransformer model =
          CausalTransformer.Spec.example().build(Context.cpu(5).withDType(DType.FLOAT64))) {
        CausalTransformer on = model;
        if (side == 1) {
          on =
              CausalTransformer.Spec.example()
                  .build(Context.cpu(5).withDType(DType.FLOAT64).withDevice(gpu));
          copy(model, on);
        }
        ArrayList<int[]> rows = new ArrayList<>();
        new Generator(on, device)
            .write(new Request(prompts, 100, sampling, 3, Set.of()), rows::add);
        written[side] = rows.toArray(int[][]::new);
        if (side == 1) {
          on.close();
        }
      }
    }
    return print(
        Arrays.deepEquals(written[0], written[1]),
        "%d texts of 100 tokens, %s, are those of the CPU".formatted(texts, sampling));
  }

  private static void copy(CausalTransformer from, CausalTransformer to) {
    var target = StateDict.of(to);
    StateDict.of(from)
        .forEach((name, tensor) ->
            Backpropagation.set(Objects.requireNonNull(target.get(name)), tensor));
  }
}
