package org.kat4j.function;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class LayerNormTest {
  private static final int WIDTH = 24;

  /** x = (1, 3): mean 2, variance 1. */
  @Test
  void normalisesScalesAndShifts() {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      LayerNorm norm = new LayerNorm(2, 3, Context.cpu(1).withDType(DType.FLOAT64));
      var tensors = List.copyOf(StateDict.of(norm).values());
      Context.assign(tensors.get(0), 2, 4);
      Context.assign(tensors.get(1), 5, 6);
      Tensor x = Memory.doubles(new double[] {1, 3}, 1, 2);
      assertThat(Memory.doubles(norm.forward(x))).containsExactly(4, 8); // 1 / sqrt(1 + 3) = 1/2
    }
  }

  /** On a CPU there is no kernel: both ways are libtorch's, and so is the dtype. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "BFLOAT16"})
  void loweredIsTheSameWithoutAKernel(Precision precision) {
    try (Scope _ = Scope.open()) {
      List<Tensor> plain = results(precision, LayerNorm::forward);
      List<Tensor> lowered = results(precision, LayerNorm::forwardLowered);
      for (int i = 0; i < plain.size(); i++) {
        assertThat(DType.of(lowered.get(i))).isEqualTo(DType.FLOAT32);
        assertThat(lowered.get(i).equal(plain.get(i))).isTrue();
      }
    }
  }

  /** The same for a branch that is added before. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "BFLOAT16"})
  void ofASumIsTheSameWithoutAKernel(Precision precision) {
    try (Scope _ = Scope.open()) {
      List<Tensor> apart =
          results(precision, (norm, x) -> norm.forward(x.add(x.to(ScalarType.BFloat16))));
      for (boolean lowered : new boolean[] {false, true}) {
        List<Tensor> together =
            results(
                precision,
                (norm, x) -> norm.forwardSum(x, x.to(ScalarType.BFloat16), lowered).normed());
        for (int i = 0; i < apart.size(); i++) {
          assertThat(together.get(i).equal(apart.get(i))).isTrue();
        }
      }
    }
  }

  /** Result, dL/dx, dL/dweight, dL/dbias. */
  private static List<Tensor> results(
      Precision precision, BiFunction<LayerNorm, Tensor, Tensor> forward) {
    LayerNorm norm = new LayerNorm(WIDTH, 1e-6, Context.cpu(1));
    Tensor numbers = torch.arange(new Scalar(5 * WIDTH)).view(5, WIDTH);
    Tensor x = Backpropagation.leaf(numbers.sin(), DType.FLOAT32);
    Tensor y;
    try (var _ = precision.on(Device.CPU)) {
      y = forward.apply(norm, x);
    }
    Backpropagation.run(y, numbers.cos());
    var parameters = List.copyOf(StateDict.of(norm).values());
    return List.of(y, x.grad(), parameters.get(0).grad(), parameters.get(1).grad());
  }
}
