package org.kat4j.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Memory;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;

/** The projection on the probability simplex. */
class SimplexTest {
  private static Tensor example() {
    return Memory.doubles(new double[] {.5, .2, -.1, .9}, 1, 4);
  }

  private static void assertClose(Tensor found, double... wanted) {
    double[] values = Memory.doubles(found);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(values[i]).as("number %d", i).isCloseTo(wanted[i], within(1e-15));
    }
  }

  @Test
  void theWorkedExample() {
    try (Scope _ = Scope.open()) {
      Tensor x = Simplex.project(example());
      assertClose(x, .3, 0, 0, .7);
      assertClose(Simplex.project(x), .3, 0, 0, .7);
    }
  }

  @Test
  void rowsSumToOne() {
    try (Scope _ = Scope.open()) {
      Tensor zeros = torch.zeros(new long[] {20, 3, 17}, new TensorOptions(ScalarType.Double));
      Tensor y = new RandomStream(1).normal(zeros, 0, 3);
      Tensor x = Simplex.project(y);
      assertThat(x.min().item_double()).isNotNegative();
      assertThat(x.sum(-1).sub(new Scalar(1)).abs().max().item_double()).isLessThan(1e-14);
      assertThat(Simplex.project(x).sub(x).abs().max().item_double()).isLessThan(1e-15);
    }
  }

  /** On the support the upstream gradient less its mean there; nothing elsewhere. */
  @Test
  void theGradientStaysInTheSimplex() {
    try (Scope _ = Scope.open()) {
      Tensor y = Memory.doubles(new double[] {.5, .1, -.1, .9}, 1, 4).set_requires_grad(true);
      Tensor upstream = Memory.doubles(new double[] {1, 5, 7, 4}, 1, 4);
      Backpropagation.run(Simplex.project(y), upstream);
      assertClose(y.grad(), -1.5, 0, 0, 1.5);
    }
  }
}
