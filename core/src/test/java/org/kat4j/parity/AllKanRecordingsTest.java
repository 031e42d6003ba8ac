package org.kat4j.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.ActivationBumps;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.KanStack;
import org.kat4j.function.kan.ReducedBasis;
import org.kat4j.function.kan.Together;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * The keys that a recording of All-KAN's methods has lead to the right layer. The recordings are
 * ours: whether the numbers are right is for the official ones.
 */
class AllKanRecordingsTest {
  @TempDir Path folder;

  private static Tensor normal(long seed, long... shape) {
    Tensor numbers = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(numbers, 0, 1);
  }

  private static Context float64() {
    return Context.cpu(5).withDType(DType.FLOAT64);
  }

  private Parity.Result check(
      String config, String input, Part part, Tensor x, BiFunction<Tensor, Pass, Tensor> function) {
    Path file = folder.resolve("recording.safetensors");
    Tensor leaf = Backpropagation.leaf(x, DType.FLOAT64);
    Tensor y = function.apply(leaf, Pass.evaluation());
    Tensor upstream = normal(2, y.shape());
    Backpropagation.run(y, upstream);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("input." + input, x);
    tensors.put("output", y.detach());
    tensors.put("weight.out", upstream);
    tensors.put("grad.input." + input, leaf.grad());
    StateDict.of(part)
        .forEach((name, tensor) -> {
          tensors.put((tensor.requires_grad() ? "param." : "buffer.") + name, tensor.detach());
          if (tensor.requires_grad()) {
            tensors.put("grad." + name, tensor.grad());
          }
        });
    Safetensors.write(file, tensors, Map.of("config", config));
    return Parity.check(file);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "local_attn",
        "multihead_attn",
        "global_attn multistep",
        "spatial_attn local_attn multihead_attn"
      })
  void methodsOfALayerTakeASliceEach(String methods) {
    try (Scope _ = Scope.open()) {
      List<String> names = List.of(methods.split(" "));
      List<ActivationBumps.Reduction> reductions =
          names.stream()
              .map(name -> ActivationBumps.Reduction.valueOf(name.toUpperCase(Locale.ROOT)))
              .toList();
      ActivationBumps layer =
          new ActivationBumps.Spec(
                  3,
                  3,
                  Activation.SILU,
                  ActivationBumps.Combination.QUAD1,
                  true,
                  ActivationBumps.Reduction.MULTISTEP,
                  ActivationBumps.Norm.LAYER,
                  1e-5)
              .withReductions(reductions, Together.SUM)
              .build(6, 4, float64());
      attendUnevenly(layer);
      String config =
          "{\"cls\": \"AF_KANLayer\", \"input_size\": 6, \"g\": 3, \"k\": 3, \"output_size\": 4, \"methods\": [\"%s\"]}"
              .formatted(String.join("\", \"", names));
      Parity.Result result =
          check(
              config,
              "X",
              layer,
              normal(1, names.size(), 7, 6),
              (x, pass) -> slices(layer, x, reductions, pass));
      assertThat(result.passed()).as(result.line()).isTrue();
    }
  }

  /**
   * Attention starts so even that its outputs hardly differ, and the norm behind it makes their
   * rounding errors large: by how much depends on the machine.
   */
  private static void attendUnevenly(ActivationBumps layer) {
    StateDict.of(layer)
        .forEach((name, tensor) -> {
          if (name.endsWith("in_proj_weight")) {
            Backpropagation.set(tensor, tensor.detach().mul(new Scalar(8)));
          }
        });
  }

  private static Tensor slices(
      ActivationBumps layer, Tensor x, List<ActivationBumps.Reduction> reductions, Pass pass) {
    Tensor[] outputs = new Tensor[reductions.size()];
    Arrays.setAll(outputs, m -> layer.forward(x.select(0, m), reductions.get(m), pass));
    return torch.stack(new TensorVector(outputs));
  }

  @ParameterizedTest
  @CsvSource({
    "conv1d_2, CONV1D_POOLED, 1, BEFORE_BASIS",
    "conv1d_2, CONV1D_POOLED, 2, AFTER_REDUCTION",
    "base, BASE, 2, AFTER_REDUCTION"
  })
  void methodsOfReducedBases(
      String method,
      ReducedBasis.Reduction reduction,
      int position,
      ReducedBasis.NormPosition norm) {
    try (Scope _ = Scope.open()) {
      var spec =
          new ReducedBasis.Spec(
              ReducedBasis.Basis.RADIAL, 4, 5, 3, -1.5, 1.5, reduction, norm, Activation.SILU);
      List<KanLayer> layers = List.of(spec.build(8, 4, float64()), spec.build(4, 3, float64()));
      KanStack stack = new KanStack("layers", layers);
      String config =
          "{\"cls\": \"PRKAN\", \"layers_hidden\": [8, 4, 3], \"num_grids\": 4, \"methods\": [\"%s\"], \"norm_pos\": %d}"
              .formatted(method, position);
      Parity.Result result = check(config, "x", stack, normal(1, 7, 8), stack::forward);
      assertThat(result.passed()).as(result.line()).isTrue();
    }
  }

  @Test
  void severalMethodsOfReducedBasesAreRefused() {
    try (Scope _ = Scope.open()) {
      KanLayer layer = ReducedBasis.Spec.example().build(4, 3, float64());
      String config =
          "{\"cls\": \"PRKAN\", \"layers_hidden\": [4, 3], \"methods\": [\"attention\", \"base\"]}";
      Parity.Result result = check(config, "x", layer, normal(1, 7, 4), layer::forward);
      assertThat(result.passed()).isFalse();
      assertThat(result.line()).contains("not built yet: PRKAN's several methods");
    }
  }
}
