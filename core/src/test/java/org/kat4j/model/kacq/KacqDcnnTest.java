package org.kat4j.model.kacq;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.function.kan.SharedScaleSpline;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class KacqDcnnTest {
  /** Counted in sheet 14. */
  @ParameterizedTest
  @CsvSource({"11, 2844277", "12, 3023221"})
  void parametersOfThePublishedWidths(int features, long parameters) {
    try (Scope _ = Scope.open()) {
      KacqDcnn model =
          KacqDcnn.Spec.published(features).build(Context.cpu(1).withDevice(Device.META));
      assertThat(StateDict.parameterCount(model)).isEqualTo(parameters);
    }
  }

  @Test
  void everyArmRunsAndEveryTensorGetsAGradient() {
    for (KacqDcnn.Middle middle : KacqDcnn.Middle.values()) {
      for (KacqDcnn.Dense dense : KacqDcnn.Dense.values()) {
        try (Scope _ = Scope.open()) {
          KacqDcnn model = KacqDcnn.Spec.eighth(5).with(middle, dense).build(Context.cpu(2));
          float[] values = new float[15];
          for (int i = 0; i < values.length; i++) {
            values[i] = (i * 7 % 15) / 15f;
          }
          Tensor logits =
              model.forward(Tensor.create(values, 3, 5), Pass.training(new RandomStream(3)));
          assertThat(logits.shape()).containsExactly(3, 2);
          Backpropagation.run(logits.sum());
          StateDict.trained(model)
              .forEach((name, tensor) -> {
                assertThat(tensor.grad().defined()).as(name).isTrue();
                assertThat(Arrays.stream(Memory.doubles(tensor.grad())).allMatch(Double::isFinite))
                    .as(name)
                    .isTrue();
              });
        }
      }
    }
  }

  @Test
  void aKanLayerWithoutSplinesSumsSilu() {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      var layer = SharedScaleSpline.Spec.example().build(3, 1, Context.cpu(1));
      requireNonNull(StateDict.of(layer).get("spline_kernel")).zero_();
      Context.assign(requireNonNull(StateDict.of(layer).get("scale_factor")), 1, 1, 1);
      Tensor y = layer.forward(Tensor.create(new float[] {0.5f, -1, 2}, 1, 3), Pass.evaluation());
      double wanted = silu(0.5) + silu(-1) + silu(2);
      assertThat(Memory.doubles(y)[0]).isCloseTo(wanted, within(1e-6));
    }
  }

  private static double silu(double x) {
    return x / (1 + Math.exp(-x));
  }
}
