package org.kat4j.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class StarReluTest {
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static StarRelu with(double scale, double bias, Context context) {
    StarRelu function = new StarRelu(context);
    SequencedMap<String, Tensor> parameters = StateDict.of(function);
    Context.assign(Objects.requireNonNull(parameters.get("scale")), scale);
    Context.assign(Objects.requireNonNull(parameters.get("bias")), bias);
    return function;
  }

  private static Context exact() {
    return Context.cpu(1).withDType(DType.FLOAT64);
  }

  @Test
  void squaresWhatIsPositive() {
    Tensor x = Memory.doubles(new double[] {-2, 0, 1, 3}, 4);
    assertThat(Memory.doubles(new StarRelu(exact()).forward(x))).containsExactly(0, 0, 1, 9);
    assertThat(Memory.doubles(with(2, -1, exact()).forward(x))).containsExactly(-1, -1, 1, 17);
  }

  /** E max(x, 0)^2 = 1 / 2 and its variance 5 / 4, by the density on a fine grid from -9 to 9. */
  @Test
  void thePapersConstantsKeepMeanAndVariance() {
    double s = 1 / Math.sqrt(1.25);
    double b = -.5 * s;
    assertThat(s).isCloseTo(0.894427, within(1e-6));
    assertThat(b).isCloseTo(-0.447214, within(1e-6));
    int steps = 18_000;
    Tensor x = torch.arange(new Scalar(-9), new Scalar(9), new Scalar(18.0 / steps));
    double[] at = Memory.doubles(x);
    double[] y = Memory.doubles(with(s, b, exact()).forward(Memory.doubles(at, at.length)));
    double mean = 0;
    double square = 0;
    for (int i = 0; i < at.length; i++) {
      double share = Math.exp(-at[i] * at[i] / 2) / Math.sqrt(2 * Math.PI) * 18 / steps;
      mean += share * y[i];
      square += share * y[i] * y[i];
    }
    assertThat(mean).isCloseTo(0, within(1e-6)); // points of the grid are float32
    assertThat(square).isCloseTo(1, within(1e-6));
  }

  @Test
  void inFewPassesItIsTheComposition() {
    List<Tensor> own = results(exact());
    List<Tensor> composed = results(exact().composed());
    for (int i = 0; i < own.size(); i++) {
      Tensor expected = composed.get(i);
      double distance = own.get(i).sub(expected).abs().max().item_double();
      // Sums of 12 products in float64.
      assertThat(distance).isLessThan(1e-14 * expected.abs().max().item_double());
    }
  }

  private static List<Tensor> results(Context context) {
    StarRelu function = with(1.5, .25, context);
    double[] numbers = {.3, -1.2, .7, 2.5, -.1, 0, 1.1, -3, .9, .2, -.4, 1.7};
    Tensor x = Backpropagation.leaf(Memory.doubles(numbers, 3, 4), DType.FLOAT64);
    Tensor y = function.forward(x);
    Backpropagation.run(y, y.detach().add(new Scalar(.1)).sin());
    List<Tensor> all = new ArrayList<>(List.of(y, x.grad()));
    StateDict.of(function).values().forEach(parameter -> all.add(parameter.grad()));
    return all;
  }

  /** In bfloat16 sums over many elements keep the bits of the parameters. */
  @Test
  void gradientsOfItsTwoNumbersAreSummedInTheirOwnType() {
    StarRelu function = new StarRelu(Context.cpu(1));
    try (var _ = Precision.BFLOAT16.on(Device.CPU)) {
      Tensor x = Memory.to(torch.ones(new long[] {1001}), DType.BFLOAT16).set_requires_grad(true);
      Tensor y = function.forward(x);
      assertThat(DType.of(y)).isEqualTo(DType.BFLOAT16);
      y.sum().backward();
    }
    StateDict.of(function)
        .values()
        .forEach(parameter ->
            assertThat(Memory.doubles(parameter.grad())).containsExactly(1001)); // bfloat16: 1000
  }
}
