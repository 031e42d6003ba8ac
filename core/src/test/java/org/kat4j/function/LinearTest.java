package org.kat4j.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.kernel.Baselines;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class LinearTest {
  /** y = (1, 2) W^T + b, and what sum(y) leaves in W and b. */
  @Test
  void multipliesAndAdds() {
    try (Scope _ = Scope.open()) {
      Linear linear = new Linear(2, 2, true, Context.cpu(1).withDType(DType.FLOAT64));
      Context.assign(linear.weight(), 1, 10, 100, 1000);
      Tensor bias = Objects.requireNonNull(linear.bias());
      Context.assign(bias, 0.5, 0.25);
      Tensor x = Backpropagation.leaf(Memory.doubles(new double[] {1, 2}, 1, 2), DType.FLOAT64);
      Tensor y = linear.fused(x);
      assertThat(Memory.doubles(y)).containsExactly(21.5, 2100.25);
      Backpropagation.run(y.sum());
      assertThat(Memory.doubles(x.grad())).containsExactly(101, 1010);
      assertThat(Memory.doubles(linear.weight().grad())).containsExactly(1, 2, 1, 2);
      assertThat(Memory.doubles(bias.grad())).containsExactly(1, 1);
    }
  }

  /** On any number of axes; twice, so that gradients add up. */
  @Test
  void gradientsOfOurOwnAreLibtorchs() {
    try (Scope _ = Scope.open()) {
      assertEqual(results(Linear::fused), results(Linear::forward));
    }
  }

  @Test
  void soAreThoseWithAGeluBehind() {
    try (Scope _ = Scope.open()) {
      List<double[]> libtorchs = results((linear, x) -> torch.gelu(linear.forward(x)));
      assertEqual(results(Linear::fusedGelu), libtorchs);
      assertEqual(results(Linear::forwardGelu), libtorchs);
    }
  }

  private static void assertEqual(List<double[]> own, List<double[]> libtorchs) {
    for (int i = 0; i < own.size(); i++) {
      // Sums of at most 7 x 6 products of numbers below 10, in another order.
      assertThat(own.get(i)).containsExactly(libtorchs.get(i), within(1e-12));
    }
  }

  private static List<double[]> results(BiFunction<Linear, Tensor, Tensor> forward) {
    Linear linear = new Linear(3, 5, true, Context.cpu(1).withDType(DType.FLOAT64));
    Tensor x = Backpropagation.leaf(normal(2, 7, 6, 3), DType.FLOAT64);
    Tensor upstream = normal(3, 7, 6, 5);
    Tensor y = forward.apply(linear, x.mul(x));
    Backpropagation.run(y, upstream);
    Backpropagation.run(forward.apply(linear, x), upstream);
    List<double[]> all = new ArrayList<>(List.of(Memory.doubles(y), Memory.doubles(x.grad())));
    StateDict.of(linear).values().forEach(tensor -> all.add(Memory.doubles(tensor.grad())));
    return all;
  }

  private static Tensor normal(long seed, long... shape) {
    return new RandomStream(seed).normal(Baselines.normal("float64", shape), 0, 1);
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void sumsOfColumnsAreNotRoundedToShortTypes(DType dtype) {
    try (Scope _ = Scope.open()) {
      // 257 has one bit more than bfloat16.
      Tensor ones = Memory.to(Memory.doubles(new double[] {1}, 1, 1).repeat(257, 2), dtype);
      Tensor sums = Kernels.columnSums(ones);
      assertThat(Memory.doubles(sums)).containsExactly(257, 257);
      assertThat(DType.of(sums)).isEqualTo(dtype == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32);
    }
  }

  /**
   * Sums of 300 terms in another order: 300 roundings of 2^-53 of at most 1 each, squared apart.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theNextTokenOfATextIsAVector(boolean bias) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Linear linear = new Linear(300, 7, bias, Context.cpu(1).withDType(DType.FLOAT64));
      Tensor x = torch.ones(new long[] {1, 2, 300}, new TensorOptions(ScalarType.Double));
      Tensor both = linear.forward(x);
      Tensor one = linear.forward(x.narrow(1, 1, 1));
      assertThat(one.shape()).containsExactly(1, 1, 7);
      assertThat(one.sub(both.narrow(1, 1, 1)).abs().max().item_double()).isLessThan(1e-14);
      Tensor product = Linear.apply(x.narrow(1, 0, 1), linear.weight());
      assertThat(product.shape()).containsExactly(1, 1, 7);
    }
  }
}
