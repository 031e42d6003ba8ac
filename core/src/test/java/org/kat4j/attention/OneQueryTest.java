package org.kat4j.attention;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;

/** The kernel for one query a head against the composed softmax in float64. */
class OneQueryTest {
  private static final int CAPACITY = 700;

  private static Tensor normal(long seed, double deviation, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, deviation);
  }

  private static Tensor composed(Tensor q, Tensor k, Tensor v) {
    Context exactly = Context.cpu(1).withDType(DType.FLOAT64).composed();
    return new Softmax.Spec()
        .build(new Heads((int) q.size(1), (int) k.size(1), (int) q.size(3)), exactly)
        .mix(
            wide(q),
            wide(k),
            wide(v),
            Scores.plain(new Sight.All(), q.size(2), k.size(2)),
            Pass.evaluation());
  }

  private static Tensor wide(Tensor x) {
    return Memory.to(x, DType.FLOAT64);
  }

  /**
   * Weighted means of values that reach 5: sums of 700 terms in float32 are off by less than 700 *
   * 2^-24 of them, scores of some hundred by 2^-17, and so are weights.
   */
  @ParameterizedTest
  @CsvSource({
    // texts, heads, key-value heads, width, keys
    "1, 4, 4, 32, 1",
    "1, 4, 4, 32, 2",
    "2, 6, 2, 64, 37",
    "1, 1, 1, 16, 700",
    "3, 8, 8, 128, 699", // so many that threads share them
  })
  void isTheComposedOne(int texts, int heads, int keyHeads, int width, int keys) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor cache = normal(1, 2, 2, texts, keyHeads, CAPACITY, width).to(ScalarType.Float);
      Tensor k = cache.select(0, 0).narrow(2, 0, keys);
      Tensor v = cache.select(0, 1).narrow(2, 0, keys);
      // As a matrix of queries, keys and values gives it: a part of a longer row.
      Tensor q =
          normal(2, 3, texts, 1, heads + 5L, width)
              .to(ScalarType.Float)
              .narrow(2, 0, heads)
              .transpose(1, 2);
      Tensor found = Kernels.ofOneQuery(q, k, v).orElseThrow();
      assertThat(found.shape()).containsExactly(texts, heads, 1, width);
      assertThat(wide(found).sub(composed(q, k, v)).abs().max().item_double()).isLessThan(2e-4);
    }
  }

  @Test
  void valuesOfAnotherWidthAreLeftToLibtorch() {
    try (Scope _ = Scope.open()) {
      Tensor k = normal(1, 1, 1, 2, 3, 32).to(ScalarType.Float);
      Tensor wide = normal(1, 1, 1, 2, 3, 64).to(ScalarType.Float);
      Tensor fewer = k.narrow(1, 0, 1);
      assertThat(Kernels.ofOneQuery(k.narrow(2, 0, 1), k, wide)).isEmpty();
      assertThat(Kernels.ofOneQuery(k.narrow(2, 0, 1), k, fewer)).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"Float, 3", "Double, 32", "BFloat16, 32"})
  void othersAreLeftToLibtorch(ScalarType type, int width) {
    try (Scope _ = Scope.open()) {
      Tensor x = normal(1, 1, 1, 2, 1, width).to(type);
      assertThat(Kernels.ofOneQuery(x, x, x)).isEmpty();
    }
  }
}
