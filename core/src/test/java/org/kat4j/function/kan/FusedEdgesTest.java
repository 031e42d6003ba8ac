package org.kat4j.function.kan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.function.Activation;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Kernels of edges with functions of their own against their composed twins. */
class FusedEdgesTest {
  private static final int IN = 7;
  private static final int OUT = 5;

  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static KanLayer.Spec wavelet(Wavelet.Mother mother) {
    return new Wavelet.Spec(mother, false, false);
  }

  private static Daruan.Spec circuit(
      int uploads, Daruan.Ansatz ansatz, Daruan.Measurement measurement, int groups) {
    return new Daruan.Spec(
        uploads,
        ansatz,
        measurement,
        true,
        true,
        true,
        Activation.SILU,
        true,
        Daruan.Start.POWERS_OF_TWO,
        groups);
  }

  static Stream<KanLayer.Spec> specs() {
    return Stream.of(
        wavelet(Wavelet.Mother.MEXICAN_HAT),
        wavelet(Wavelet.Mother.MORLET),
        wavelet(Wavelet.Mother.DOG),
        wavelet(Wavelet.Mother.MEYER),
        wavelet(Wavelet.Mother.SHANNON),
        new SingleParameter.Spec(SingleParameter.Function.SHIFTED_SOFTPLUS, true),
        circuit(3, Daruan.Ansatz.PZ, Daruan.Measurement.EXACT, 0),
        circuit(1, Daruan.Ansatz.PZ, Daruan.Measurement.EXACT, 0),
        circuit(2, Daruan.Ansatz.PZ, Daruan.Measurement.FAST, 0),
        circuit(2, Daruan.Ansatz.RPZ, Daruan.Measurement.EXACT, 3),
        circuit(3, Daruan.Ansatz.REAL, Daruan.Measurement.EXACT, 0),
        circuit(4, Daruan.Ansatz.MIX, Daruan.Measurement.EXACT, 0));
  }

  private static Tensor normal(long seed, DType dtype, long... shape) {
    Tensor numbers = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return Memory.to(new RandomStream(seed).normal(numbers, 0, 1), dtype);
  }

  /** Value and gradients of one backward. */
  private static Map<String, Tensor> results(KanLayer.Spec spec, Context context, long... leading) {
    KanLayer layer = spec.build(IN, OUT, context);
    Map<String, Tensor> leaves = new LinkedHashMap<>(StateDict.trained(layer));
    long seed = 20;
    for (Tensor leaf : leaves.values()) {
      Tensor noise = normal(seed++, DType.FLOAT32, leaf.shape()).mul(new Scalar(0.2));
      Backpropagation.set(leaf, Memory.to(leaf.detach().add(noise), DType.FLOAT32));
    }
    DType dtype = context.dtype();
    Tensor inputs = normal(6, DType.FLOAT32, shape(leading, IN)); // the same in both dtypes
    Tensor x = Backpropagation.leaf(Memory.to(inputs, dtype), dtype);
    Tensor y = layer.forward(x, Pass.evaluation());
    Backpropagation.run(y, Memory.to(normal(7, DType.FLOAT32, shape(leading, OUT)), dtype));
    Map<String, Tensor> results = new LinkedHashMap<>();
    results.put("y", y.detach());
    results.put("x", x.grad());
    leaves.forEach((name, leaf) -> results.put(name, leaf.grad()));
    return results;
  }

  private static Context wide() {
    return Context.cpu(3).withDType(DType.FLOAT64);
  }

  private static long[] shape(long[] leading, long last) {
    long[] shape = Arrays.copyOf(leading, leading.length + 1);
    shape[leading.length] = last;
    return shape;
  }

  private static double largest(Tensor x) {
    return x.abs().max().item_double();
  }

  private static void assertSame(
      Map<String, Tensor> actual, Map<String, Tensor> expected, double tolerance) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach((name, wanted) -> {
      Tensor got = Memory.to(Objects.requireNonNull(actual.get(name)), DType.FLOAT64);
      assertThat(got.shape()).as(name).isEqualTo(wanted.shape());
      assertThat(largest(got.sub(wanted))).as(name).isLessThan(tolerance * largest(wanted));
    });
  }

  /** Rows around the width of vectors and of panels. */
  @ParameterizedTest
  @MethodSource("specs")
  void theLayerIsItsComposedTwin(KanLayer.Spec spec) {
    for (long[] leading : new long[][] {{1}, {16}, {3, 5}, {2, 128}, {257}, {600}}) {
      Map<String, Tensor> expected = results(spec, wide().composed(), leading);
      assertSame(results(spec, wide(), leading), expected, 1e-11);
      // Sums of up to 600 float32 terms, of functions whose slopes are up to 5 times as steep.
      assertSame(results(spec, Context.cpu(3), leading), expected, 2e-5);
    }
  }

  @Test
  void theSameBitsOnOneThread() {
    KanLayer.Spec spec = wavelet(Wavelet.Mother.MORLET);
    Map<String, Tensor> several = results(spec, Context.cpu(3), 2000);
    int threads = torch.get_num_threads();
    try {
      torch.set_num_threads(1);
      results(spec, Context.cpu(3), 2000)
          .forEach((name, one) ->
              assertThat(Objects.requireNonNull(several.get(name)).equal(one)).as(name).isTrue());
    } finally {
      torch.set_num_threads(threads);
    }
  }

  @Test
  void whatIsNotANumberStaysVisible() {
    for (KanLayer.Spec spec : specs().toList()) {
      Tensor x = normal(1, DType.FLOAT32, 4, IN);
      x.select(0, 2).select(0, 3).fill_(new Scalar(Double.NaN));
      try (var _ = Scope.noGradients()) {
        Tensor y = spec.build(IN, OUT, Context.cpu(1)).forward(x, Pass.evaluation());
        assertThat(y.select(0, 2).isnan().all().item_bool()).as(spec.toString()).isTrue();
        assertThat(y.isnan().sum().item_long()).as(spec.toString()).isEqualTo(OUT);
      }
    }
  }

  @Test
  void anEmptyBatchGivesNothing() {
    Tensor x = normal(1, DType.FLOAT32, 0, IN);
    KanLayer layer = wavelet(Wavelet.Mother.DOG).build(IN, OUT, Context.cpu(1));
    assertThat(layer.forward(x, Pass.evaluation()).shape()).containsExactly(0, OUT);
  }

  /** Without a gradient for the input there still is one for the parameters. */
  @Test
  void theFirstLayerTrains() {
    KanLayer layer = wavelet(Wavelet.Mother.MEXICAN_HAT).build(IN, OUT, Context.cpu(1));
    layer.forward(normal(8, DType.FLOAT32, 9, IN), Pass.evaluation()).sum().backward();
    StateDict.trained(layer)
        .forEach((name, tensor) -> assertThat(largest(tensor.grad())).as(name).isPositive());
  }

  @Test
  void memoryStaysFlat() {
    Tensor x = Backpropagation.leaf(normal(9, DType.FLOAT32, 512, 64), DType.FLOAT32);
    SteadyMemory.check(wavelet(Wavelet.Mother.DOG).build(64, 4, Context.cpu(1)), x);
  }
}
