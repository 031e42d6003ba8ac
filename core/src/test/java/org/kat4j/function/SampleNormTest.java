package org.kat4j.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Layout;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class SampleNormTest {
  private static final int WIDTH = 6;
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, 1);
  }

  private static Context exact() {
    return Context.cpu(1).withDType(DType.FLOAT64);
  }

  private static double largest(Tensor tensor) {
    return tensor.abs().max().item_double();
  }

  /** Tokens of very different size, which a norm of each token would bring to one. */
  private static Tensor uneven() {
    Tensor size = torch.arange(new Scalar(1), new Scalar(21)).view(1, 20, 1);
    return normal(2, 3, 20, WIDTH).mul(size);
  }

  @Test
  void normalisesTheSampleAndNotTheToken() {
    Tensor x = uneven();
    Tensor y = SampleNorm.Spec.example().build(WIDTH, exact()).forward(x);
    Tensor flat =
        torch.layer_norm(
            x.view(3, -1),
            new long[] {20 * WIDTH},
            new TensorOptional(),
            new TensorOptional(),
            1e-5,
            true);
    assertThat(largest(y.view(3, -1).sub(flat))).isLessThan(1e-14);
    Tensor each = new LayerNorm(WIDTH, 1e-5, exact()).forward(x);
    assertThat(largest(y.sub(each))).isGreaterThan(1);
  }

  /** What a GPU computes is what a CPU does, gradients too; with a bias and without. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void inFewPassesItIsTheSame(boolean bias) {
    List<Tensor> own = results(bias, SampleNorm::inFewPasses);
    List<Tensor> libtorchs = results(bias, SampleNorm::forward);
    assertThat(own).hasSize(bias ? 4 : 3);
    for (int i = 0; i < own.size(); i++) {
      // Sums of 360 products in float64.
      assertThat(largest(own.get(i).sub(libtorchs.get(i))))
          .isLessThan(1e-13 * largest(libtorchs.get(i)));
    }
  }

  private static List<Tensor> results(boolean bias, BiFunction<SampleNorm, Tensor, Tensor> how) {
    SampleNorm norm = new SampleNorm.Spec(1e-5, bias).build(WIDTH, exact());
    long seed = 5;
    for (Tensor parameter : StateDict.of(norm).values()) {
      Backpropagation.set(parameter, normal(seed++, WIDTH));
    }
    Tensor x = Backpropagation.leaf(uneven(), DType.FLOAT64);
    Tensor y = how.apply(norm, x);
    Backpropagation.run(y, normal(9, y.shape()));
    List<Tensor> all = new ArrayList<>(List.of(y, x.grad()));
    StateDict.of(norm).values().forEach(parameter -> all.add(parameter.grad()));
    return all;
  }

  @Test
  void aCausalModelIsRefused() {
    Context line = exact().at(new Layout.Line(8, true, false));
    assertThatThrownBy(() -> SampleNorm.Spec.example().build(WIDTH, line))
        .hasMessageContaining("sees later tokens");
  }
}
