package org.kat4j.function.kan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.ActivationBumps.Reduction;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Reductions of AF-KAN and PRKAN: worked examples, and the formulas once more as plain loops. */
class ReductionsTest {
  private static final int IN = 3;
  private static final int BUMPS = 5;

  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static Context float64() {
    return Context.cpu(3).withDType(DType.FLOAT64);
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor numbers = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(numbers, 0, 1);
  }

  private static Tensor tensor(Part part, String name) {
    return Objects.requireNonNull(StateDict.of(part).get(name), name);
  }

  private static void set(Part part, Map<String, double[]> values) {
    values.forEach((name, numbers) -> {
      Tensor target = tensor(part, name);
      Backpropagation.set(target, Tensor.create(numbers).view(target.sizes()));
    });
  }

  private static BumpReductions reductions(Reduction reduction, int bumps, double temperature) {
    Tensor shared = Tensor.create(new double[] {temperature});
    return new BumpReductions(List.of(reduction), bumps, shared, float64());
  }

  /**
   * Two windows (0, 1) and (1, 0), everything the identity: scores (1, 0; 0, 1), weights e / (e +
   * 1) = 0.731059 on the window itself, so the windows become (0.268941, 0.731059) and (0.731059,
   * 0.268941); the last weights 1, 0, 0, 10 and bias 0.5 give 0.268941 + 2.689414 + 0.5. A
   * temperature of 0.2 counts as 1.
   */
  @Test
  void localAttentionByHand() {
    BumpReductions local = reductions(Reduction.LOCAL_ATTN, 4, 0.2);
    for (String name : List.of("query_local", "key_local", "value_local")) {
      set(
          local,
          Map.of(name + ".weight", new double[] {1, 0, 0, 1}, name + ".bias", new double[2]));
    }
    set(
        local,
        Map.of(
            "local_linear.weight",
            new double[] {1, 0, 0, 10},
            "local_linear.bias",
            new double[] {0.5}));
    Tensor bumps = Tensor.create(new double[] {0, 1, 1, 0}, 1, 1, 4);
    assertThat(local.of(Reduction.LOCAL_ATTN, bumps).item_double())
        .isCloseTo(3.458355, within(1e-6));
  }

  /**
   * One bump, two inputs 0 and 1, projections 1: the first query's scores are 0 and 0, so it gets
   * 1/2; the second's are 0 and 1, so it gets e / (1 + e).
   */
  @Test
  void multiheadAttentionByHand() {
    BumpReductions heads = reductions(Reduction.MULTIHEAD_ATTN, 1, 1);
    set(
        heads,
        Map.of(
            "mh_attn.in_proj_weight",
            new double[] {1, 1, 1},
            "mh_attn.in_proj_bias",
            new double[3],
            "mh_attn.out_proj.weight",
            new double[] {1},
            "mh_attn.out_proj.bias",
            new double[] {0}));
    Tensor bumps = Tensor.create(new double[] {0, 1}, 1, 2, 1);
    assertThat(Memory.doubles(heads.of(Reduction.MULTIHEAD_ATTN, bumps)))
        .containsExactly(new double[] {0.5, 0.731059}, within(1e-6));
  }

  @ParameterizedTest
  @CsvSource({"LOCAL_ATTN, 1.7", "LOCAL_ATTN, 0.3", "MULTIHEAD_ATTN, 1.7"})
  void attentionIsThatOfPlainLoops(Reduction reduction, double temperature) {
    BumpReductions built = reductions(reduction, BUMPS, temperature);
    long seed = 50;
    for (Tensor parameter : StateDict.trained(built).values()) {
      Backpropagation.set(parameter, normal(seed++, parameter.shape()));
    }
    Tensor bumps = normal(9, 2, 4, IN, BUMPS);
    Tensor actual = built.of(reduction, bumps);
    assertThat(actual.shape()).containsExactly(2, 4, IN);
    double[] e = Memory.doubles(bumps);
    double[] expected = new double[2 * 4 * IN];
    for (int row = 0; row < 8; row++) {
      double[][] ofRow = new double[IN][];
      for (int i = 0; i < IN; i++) {
        int from = (row * IN + i) * BUMPS;
        ofRow[i] = Arrays.copyOfRange(e, from, from + BUMPS);
      }
      for (int i = 0; i < IN; i++) {
        expected[row * IN + i] =
            reduction == Reduction.LOCAL_ATTN
                ? local(built, ofRow[i], Math.max(1, temperature))
                : multihead(built, ofRow, i);
      }
    }
    // Sums of a few dozen products of numbers of order 1 to 10.
    assertThat(Memory.doubles(actual)).containsExactly(expected, within(1e-12));
  }

  /** Row r of W x + b. */
  private static double linear(Part part, String name, int r, double... x) {
    boolean packed = name.endsWith("in_proj");
    double[] w = Memory.doubles(tensor(part, name + (packed ? "_weight" : ".weight")));
    double sum = Memory.doubles(tensor(part, name + (packed ? "_bias" : ".bias")))[r];
    for (int i = 0; i < x.length; i++) {
      sum += w[r * x.length + i] * x[i];
    }
    return sum;
  }

  private static double[] softmax(double... scores) {
    double[] exponentials = Arrays.stream(scores).map(Math::exp).toArray();
    double sum = Arrays.stream(exponentials).sum();
    return Arrays.stream(exponentials).map(p -> p / sum).toArray();
  }

  private static double local(Part part, double[] e, double temperature) {
    double[][] windows = {{e[0], e[1]}, {e[2], e[3]}}; // the fifth bump is left out
    double[] flat = new double[4];
    for (int a = 0; a < 2; a++) {
      double[] scores = new double[2];
      for (int b = 0; b < 2; b++) {
        for (int c = 0; c < 2; c++) {
          scores[b] +=
              linear(part, "query_local", c, windows[a])
                  * linear(part, "key_local", c, windows[b])
                  / temperature;
        }
      }
      double[] p = softmax(scores);
      for (int c = 0; c < 2; c++) {
        flat[2 * a + c] =
            p[0] * linear(part, "value_local", c, windows[0])
                + p[1] * linear(part, "value_local", c, windows[1]);
      }
    }
    return linear(part, "local_linear", 0, flat);
  }

  private static double multihead(Part part, double[][] e, int input) {
    double[] mixed = new double[BUMPS];
    for (int head = 0; head < BUMPS; head++) {
      double query = linear(part, "mh_attn.in_proj", head, e[input]);
      double[] scores = new double[IN];
      for (int j = 0; j < IN; j++) {
        scores[j] = query * linear(part, "mh_attn.in_proj", BUMPS + head, e[j]);
      }
      double[] p = softmax(scores);
      for (int j = 0; j < IN; j++) {
        mixed[head] += p[j] * linear(part, "mh_attn.in_proj", 2 * BUMPS + head, e[j]);
      }
    }
    double sum = 0;
    for (int r = 0; r < BUMPS; r++) {
      sum += linear(part, "mh_attn.out_proj", r, mixed);
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({"SUM, 5", "PRODUCT, 6", "SUM_PRODUCT, 11", "QUADRATIC, 24"})
  void twoAndThreeTogether(Together together, double expected) {
    Tensor two = Tensor.create(new double[] {2});
    Tensor three = Tensor.create(new double[] {3});
    assertThat(together.of(List.of(two, three)).item_double()).isEqualTo(expected);
    assertThat(together.of(List.of(three)).item_double()).isEqualTo(3);
  }

  /** Every reduction of several is the layer that has this one alone, on the same tensors. */
  @Test
  void severalReductionsAreLayersOfOneOnTheSameTensors() {
    List<Reduction> all = List.of(Reduction.values());
    ActivationBumps.Spec spec = ActivationBumps.Spec.example();
    ActivationBumps several =
        spec.withReductions(all, Together.SUM_PRODUCT).build(IN, 2, float64());
    Tensor x = normal(11, 6, IN);
    Tensor sum = torch.zeros(new long[] {6, 2}, new TensorOptions(ScalarType.Double));
    Tensor product = torch.ones_like(sum);
    for (Reduction reduction : all) {
      ActivationBumps one =
          spec.withReductions(List.of(reduction), Together.SUM).build(IN, 2, float64());
      StateDict.of(one)
          .forEach((name, target) -> Backpropagation.set(target, tensor(several, name)));
      Tensor alone = one.forward(x, Pass.evaluation());
      assertThat(several.forward(x, reduction, Pass.evaluation()).equal(alone)).isTrue();
      sum = sum.add(alone);
      product = product.mul(alone);
    }
    Tensor together = several.forward(x, Pass.evaluation());
    assertThat(together.sub(sum.add(product)).abs().max().item_double()).isLessThan(1e-14);
  }

  @Test
  void impossibleReductionsAreRefused() {
    var spec = ActivationBumps.Spec.example();
    assertThatThrownBy(() ->
            spec.withReductions(List.of(Reduction.MULTISTEP, Reduction.MULTISTEP), Together.SUM))
        .hasMessageContaining("furtherReductions");
    assertThatThrownBy(() ->
            new ActivationBumps.Spec(
                1,
                0,
                Activation.SILU,
                ActivationBumps.Combination.QUAD1,
                false,
                Reduction.LOCAL_ATTN,
                ActivationBumps.Norm.LAYER,
                1e-5))
        .hasMessageContaining("2 bumps");
  }

  // PRKAN.

  private static ReducedBasis.Spec prkan(
      int centres, ReducedBasis.Reduction reduction, ReducedBasis.NormPosition norm) {
    return new ReducedBasis.Spec(
        ReducedBasis.Basis.RADIAL, centres, 5, 3, -1, 1, reduction, norm, Activation.SILU);
  }

  /**
   * Two Gaussians around -1 and 1 of width 2, four inputs: mixture o is the sum over them with
   * weights W_o, its largest value over inputs 1 and 2, then over 3 and 4; mixture by mixture these
   * four numbers go through the linear layer.
   */
  @Test
  void pooledMixturesAreThoseOfPlainLoops() {
    ReducedBasis layer =
        prkan(2, ReducedBasis.Reduction.CONV1D_POOLED, ReducedBasis.NormPosition.NOWHERE)
            .build(4, 1, float64());
    double[] mix = {0.7, -0.2, -1.1, 0.4};
    double[] offset = {0.1, -0.3};
    double[] last = {1, 2, -3, 0.5};
    set(
        layer,
        Map.of(
            "conv1d_2.weight", mix,
            "conv1d_2.bias", offset,
            "linear.weight", last,
            "linear.bias", new double[] {0.25}));
    double[] x = {0.3, -0.8, 1.4, 0.2};
    double expected = 0.25;
    for (int o = 0; o < 2; o++) {
      for (int window = 0; window < 2; window++) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = 2 * window; i < 2 * window + 2; i++) {
          double left = Math.exp(-Math.pow((x[i] + 1) / 2, 2));
          double right = Math.exp(-Math.pow((x[i] - 1) / 2, 2));
          largest = Math.max(largest, mix[2 * o] * left + mix[2 * o + 1] * right + offset[o]);
        }
        expected += last[2 * o + window] * largest;
      }
    }
    Tensor y = layer.forward(Tensor.create(x, 1, 4), Pass.evaluation());
    assertThat(y.item_double()).isCloseTo(expected, within(1e-14));
  }

  @Test
  void pooledMixturesNeedInputsThatTheFunctionsDivide() {
    ReducedBasis.Spec spec =
        prkan(4, ReducedBasis.Reduction.CONV1D_POOLED, ReducedBasis.NormPosition.NOWHERE);
    assertThatThrownBy(() -> spec.build(6, 1, float64()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("4 functions");
  }

  /** silu(W x + b), and with the norm of (1, 3), which is (-1, 1), silu(W (-1, 1) + b). */
  @Test
  void baseIsALayerOfAPerceptron() {
    for (var norm : ReducedBasis.NormPosition.values()) {
      ReducedBasis layer = prkan(4, ReducedBasis.Reduction.BASE, norm).build(2, 1, float64());
      set(
          layer,
          Map.of(
              "base_weight", new double[] {0.5, -0.25}, "base_weight_bias", new double[] {0.75}));
      boolean normed = norm != ReducedBasis.NormPosition.NOWHERE;
      double v = normed ? 0.5 * -1 - 0.25 * 1 + 0.75 : 0.5 * 1 - 0.25 * 3 + 0.75;
      Tensor y = layer.forward(Tensor.create(new double[] {1, 3}, 1, 2), Pass.evaluation());
      // The norm's epsilon of 1e-5 beside a variance of 1 shortens it by 5e-6.
      assertThat(y.item_double()).isCloseTo(v / (1 + Math.exp(-v)), within(normed ? 1e-5 : 1e-15));
    }
  }
}
