package org.kat4j.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.attention.Heads;
import org.kat4j.attention.QueryKeyValue;
import org.kat4j.attention.QueryKeyValue.Projections;
import org.kat4j.attention.QueryKeyValue.Values;
import org.kat4j.channel.Mlp;
import org.kat4j.config.Config;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Attention with fewer matrices: the sheet's counts and its equalities. */
class MinimalAttentionTest {
  private static final int WIDTH = 6;
  private static final int TOKENS = 5;
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static Attention.Spec spec(String yaml) {
    return Config.bind(Config.parse(yaml, "test"), Attention.Spec.heads(1), "test");
  }

  private static Attention built(String yaml, int width) {
    return spec(yaml).build(width, Context.cpu(3).withDType(DType.FLOAT64));
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, 1);
  }

  private static double distance(Tensor a, Tensor b) {
    return a.sub(b).abs().max().item_double();
  }

  private static Tensor of(Part part, String name) {
    return Objects.requireNonNull(StateDict.of(part).get(name), name);
  }

  private static Tensor forward(Attention attention, Tensor x) {
    return attention.forward(x, Pass.evaluation());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "heads: 1 | 16384",
        "heads: 4 | 16384",
        "projections: separate | 16384",
        "{heads: 4, projections: shared-qk} | 12288",
        "projections: collapsed | 12288",
        "projections: symmetric | 10272",
        "projections: triangular | 10272",
        "{projections: collapsed, values: none} | 4096",
        "{projections: symmetric, values: none} | 2080",
        "{projections: triangular, values: none} | 2080"
      })
  void weightsOfALayerOfWidth64(String yaml, int weights) {
    Attention.Spec spec =
        Config.bind(Config.parse("{qkvBias: false, outBias: false}", "test"), spec(yaml), "test");
    assertThat(StateDict.parameterCount(spec.build(64, Context.cpu(1)))).isEqualTo(weights);
    assertThat(spec.macs(10, 64))
        .isEqualTo(
            2 * 100 * 64 + 10 * (weights == 2080 ? 4096 : weights == 10272 ? 12288 : weights));
    long withPerceptron =
        weights + StateDict.parameterCount(Mlp.Spec.example().build(64, Context.cpu(1)));
    if (weights == 16384) {
      assertThat(6 * withPerceptron).isEqualTo(296_832);
    }
  }

  /** Queries and keys of one head before their product. */
  private static Tensor products(Projections projections, int heads, Tensor x) {
    QueryKeyValue all =
        new QueryKeyValue(
            projections,
            Values.NONE,
            WIDTH,
            Heads.of(heads, WIDTH / heads),
            false,
            Context.cpu(3).withDType(DType.FLOAT64));
    return all.project(x, (q, k, _) -> q.matmul(k.transpose(-2, -1)));
  }

  /** Tied and triangular products are those of lengths and angles; a symmetric matrix's are not. */
  @Test
  void whichScoresOfATokenWithItselfMayBeNegative() {
    Tensor x = normal(1, 40, TOKENS, WIDTH);
    for (Projections tied : List.of(Projections.SHARED_QK, Projections.TRIANGULAR)) {
      for (int heads : tied == Projections.SHARED_QK ? new int[] {1, 2} : new int[] {1}) {
        Tensor s = products(tied, heads, x); // [batch, heads, tokens, tokens]
        assertThat(distance(s, s.transpose(-2, -1))).isLessThan(1e-14);
        Tensor own = s.diagonal(0, -2, -1);
        assertThat(own.min().item_double()).isNotNegative();
        Tensor bound = own.unsqueeze(-1).mul(own.unsqueeze(-2)).sqrt();
        assertThat(s.abs().sub(bound).max().item_double()).isLessThan(1e-14);
      }
    }
    Tensor mirrored = products(Projections.SYMMETRIC, 1, x);
    assertThat(distance(mirrored, mirrored.transpose(-2, -1))).isLessThan(1e-14);
    assertThat(mirrored.diagonal(0, -2, -1).min().item_double()).isNegative();
    Tensor collapsed = products(Projections.COLLAPSED, 1, x);
    assertThat(distance(collapsed, collapsed.transpose(-2, -1))).isGreaterThan(0.01);
  }

  /** Row after row of the triangle. */
  @Test
  void trianglesAreStoredByRows() {
    Attention symmetric = built("{projections: symmetric, values: none, qkvBias: false}", 3);
    Attention triangular = built("{projections: triangular, values: none}", 3);
    Attention collapsed = built("{projections: collapsed, values: none, qkvBias: false}", 3);
    Tensor packed = Memory.doubles(new double[] {1, 2, 3, 4, 5, 6}, 6);
    Tensor s = Memory.doubles(new double[] {1, 2, 4, 2, 3, 5, 4, 5, 6}, 3, 3);
    Tensor t = Memory.doubles(new double[] {1, 0, 0, 2, 3, 0, 4, 5, 6}, 3, 3);
    Tensor x = normal(2, 2, TOKENS, 3).mul(new Scalar(0.1));
    Backpropagation.set(of(symmetric, "qk"), packed);
    Backpropagation.set(of(collapsed, "qk.weight"), s);
    assertThat(distance(forward(symmetric, x), forward(collapsed, x))).isLessThan(1e-14);
    Backpropagation.set(of(triangular, "qk"), packed);
    Backpropagation.set(of(collapsed, "qk.weight"), t.matmul(t.t()));
    assertThat(distance(forward(triangular, x), forward(collapsed, x))).isLessThan(1e-14);
  }

  @Test
  void theTriangleBeginsNearTheIdentity() {
    Attention triangular = built("{projections: triangular, values: none}", 64);
    double[] packed = Memory.doubles(of(triangular, "qk"));
    double diagonal = 0;
    double others = 0;
    for (int row = 0, i = 0; row < 64; row++) {
      for (int column = 0; column <= row; column++, i++) {
        if (row == column) {
          diagonal += packed[i];
        } else {
          others = Math.max(others, Math.abs(packed[i]));
        }
      }
    }
    assertThat(diagonal / 64).isCloseTo(1 / 8.0, within(0.01));
    assertThat(others).isPositive().isLessThan(5 / 64.0);
  }

  /** One matrix for both: its gradient is the sum of what the two copies of it would get. */
  @Test
  void aSharedMatrixGetsBothGradients() {
    Attention shared = built("{heads: 2, projections: shared-qk}", WIDTH);
    Attention apart = built("{heads: 2, projections: separate}", WIDTH);
    Map<String, Tensor> tied = StateDict.of(shared);
    StateDict.of(apart)
        .forEach((name, tensor) ->
            Backpropagation.set(tensor, of(shared, name.replaceFirst("^[qk]_proj", "qk_proj"))));
    Tensor x = normal(4, 2, TOKENS, WIDTH);
    Tensor upstream = normal(5, 2, TOKENS, WIDTH);
    Tensor y = forward(shared, x);
    assertThat(distance(forward(apart, x), y)).isLessThan(1e-15);
    Backpropagation.run(y, upstream);
    Backpropagation.run(forward(apart, x), upstream);
    Tensor sum = of(apart, "q_proj.weight").grad().add(of(apart, "k_proj.weight").grad());
    assertThat(distance(Objects.requireNonNull(tied.get("qk_proj.weight")).grad(), sum))
        .isLessThan(1e-13);
  }

  private static final String BARE = "qkvBias: false, outBias: false";

  /**
   * A stack without anything around its attention: the products of W_V and W_O go through it to one
   * matrix at the end, (S + 1) N^2 numbers in all. Exact but for rounding.
   */
  @Test
  void aBareStackCollapsesToOneMatrixALayerAndOneAtTheEnd() {
    int layers = 3;
    Tensor x = normal(6, 2, TOKENS, WIDTH);
    Tensor usual = x;
    Tensor minimal = x;
    Tensor p = torch.eye(WIDTH, new TensorOptions(ScalarType.Double)); // P_s: y P is the usual x
    long numbers = 0;
    for (int s = 0; s < layers; s++) {
      Attention layer = built("{projections: separate, " + BARE + "}", WIDTH);
      for (Tensor matrix : StateDict.of(layer).values()) {
        Backpropagation.set(
            matrix, normal(20 + s * 10L + matrix.numel() % 7, WIDTH, WIDTH).mul(new Scalar(0.5)));
      }
      Tensor q = of(layer, "q_proj.weight");
      Tensor k = of(layer, "k_proj.weight");
      Attention one = built("{projections: collapsed, values: none, " + BARE + "}", WIDTH);
      // Of row vectors: x W_QK x^T with W_QK = q^T k; Linear keeps the transposed.
      Tensor product = p.matmul(q.t().matmul(k)).matmul(p.t());
      Backpropagation.set(of(one, "qk.weight"), product.t());
      usual = forward(layer, usual);
      minimal = forward(one, minimal);
      p = p.matmul(of(layer, "v_proj.weight").t()).matmul(of(layer, "proj.weight").t());
      numbers += StateDict.parameterCount(one);
    }
    assertThat(distance(minimal.matmul(p), usual))
        .isLessThan(1e-12 * usual.abs().max().item_double());
    assertThat(numbers + p.numel()).isEqualTo((layers + 1) * WIDTH * WIDTH);
  }

  /** Convex combinations of the tokens: inside of their range, nearer together in every layer. */
  @Test
  void withoutValuesTokensComeNearerToEachOther() {
    Tensor x = normal(7, 2, TOKENS, WIDTH);
    Tensor low = x.amin(new long[] {1}, true);
    Tensor high = x.amax(new long[] {1}, true);
    List<Tensor> weights = new ArrayList<>();
    Attention first = built("{projections: collapsed, values: none}", WIDTH);
    Tensor y = first.forward(x, Pass.evaluation((_, recorded) -> weights.add(recorded)));
    assertThat(y.sub(low).min().item_double()).isGreaterThan(-1e-15);
    assertThat(high.sub(y).min().item_double()).isGreaterThan(-1e-15);
    assertThat(weights.getFirst().sum(-1).sub(new Scalar(1)).abs().max().item_double())
        .isLessThan(1e-14);
    Tensor same = x.narrow(1, 0, 1).expand(2, TOKENS, WIDTH);
    assertThat(distance(forward(first, same), same)).isLessThan(1e-14);
    for (int layer = 1; layer < 3; layer++) {
      y = forward(built("{projections: collapsed, values: none}", WIDTH), y);
    }
    Tensor spread = y.amax(new long[] {1}, true).sub(y.amin(new long[] {1}, true));
    assertThat(spread.div(high.sub(low)).max().item_double()).isLessThan(0.03);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "heads: 2",
        "{heads: 2, projections: separate, values: none}",
        "{heads: 3, projections: shared-qk}",
        "projections: collapsed",
        "{projections: symmetric, values: none}",
        "projections: triangular"
      })
  void tokensInAnotherOrderGiveTheSameInThatOrder(String yaml) {
    Attention attention = built(yaml, WIDTH);
    Tensor x = normal(8, 2, TOKENS, WIDTH);
    Tensor backwards = forward(attention, x.flip(1)).flip(1);
    assertThat(distance(backwards, forward(attention, x))).isLessThan(1e-14);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{heads: 2, projections: collapsed} | projections = collapsed has one matrix of the width for queries and keys: heads = 1 is needed, not 2",
        "{heads: 2, projections: triangular} | projections = triangular has one matrix of the width for queries and keys: heads = 1 is needed, not 2",
        "{heads: 2, keyValueHeads: 1, projections: shared-qk} | projections = shared-qk makes as many heads of keys as of queries: keyValueHeads = 1",
        "values: none | values = none: projections = fused makes values too; take separate, shared-qk, collapsed, symmetric or triangular",
        "{heads: 2, keyValueHeads: 1, projections: separate, values: none} | values = none: the tokens have values for every head; keyValueHeads = 1",
        "{headWidth: 4, projections: collapsed} | headWidth = 4: tokens as queries, keys or values need heads as wide as the width 6 together",
      })
  void whatDoesNotGoTogetherIsSaid(String yaml, String message) {
    assertThatThrownBy(() -> built(yaml, WIDTH)).hasMessageContaining(message);
  }
}
