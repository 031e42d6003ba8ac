package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.token.Attention;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class WeightInitTest {
  private static final int WIDTH = 48;
  private static final double ALPHA_SWISH = 2.8108;

  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static SequencedMap<String, Tensor> weights(WeightInit init) {
    var spec = VisionTransformer.Spec.kat(28, 4, 1, 10, WIDTH, 1, 3).withWeightInit(init);
    return StateDict.of(spec.build(Context.cpu(3)));
  }

  private static Tensor get(Map<String, Tensor> weights, String name) {
    return Objects.requireNonNull(weights.get(name), name);
  }

  private static double rootMeanSquare(Tensor tensor) {
    return Math.sqrt(tensor.pow(new Scalar(2.0)).mean().item_double());
  }

  /** Deviation of n numbers: known to 1 / sqrt(2 n); the smallest matrix has 480. Four of these. */
  private static void assertDeviation(Map<String, Tensor> weights, String name, double deviation) {
    Tensor tensor = get(weights, name);
    double tolerance = 4 * deviation / Math.sqrt(2.0 * tensor.numel());
    assertThat(rootMeanSquare(tensor)).as(name).isCloseTo(deviation, within(tolerance));
  }

  private static void assertUniform(Map<String, Tensor> weights, String name, double bound) {
    assertThat(get(weights, name).abs().max().item_double())
        .as(name)
        .isLessThanOrEqualTo(bound * (1 + 1e-6))
        .isGreaterThan(0.99 * bound);
    assertDeviation(weights, name, bound / Math.sqrt(3));
  }

  private static void assertConstant(Map<String, Tensor> weights, String name, double value) {
    assertThat(Memory.doubles(get(weights, name)))
        .as(name)
        .containsOnly(new double[] {(float) value});
  }

  @ParameterizedTest
  @EnumSource
  void isFiniteAndPlacesPositions(WeightInit init) {
    var weights = weights(init);
    weights.forEach(
        (name, tensor) -> assertThat(tensor.isfinite().all().item_bool()).as(name).isTrue());
    assertDeviation(weights, "pos_embed", 0.02);
    assertConstant(weights, "norm.weight", 1);
    assertConstant(weights, "norm.bias", 0);
    if (init != WeightInit.SKIP) {
      assertDeviation(weights, "cls_token", 1e-6);
      assertConstant(weights, "blocks.0.attn.qkv.bias", 0);
    }
    // Functions start as they are, whatever the mode.
    assertThat(Memory.doubles(get(weights, "blocks.0.mlp.act1.weight_numerator")))
        .containsExactly(0, 1, 0, 0, 0, 0);
  }

  @ParameterizedTest
  @EnumSource
  void sameSeedSameBits(WeightInit init) {
    var again = weights(init);
    weights(init)
        .forEach((name, tensor) -> assertThat(tensor.equal(get(again, name))).as(name).isTrue());
  }

  @ParameterizedTest
  @EnumSource(names = {"TIMM", "KAN_RELEASED"})
  void linearLayersOfDeviation002(WeightInit init) {
    var weights = weights(init);
    for (String layer : new String[] {"blocks.0.attn.proj", "blocks.0.mlp.fc1", "head"}) {
      assertDeviation(weights, layer + ".weight", 0.02);
      assertConstant(weights, layer + ".bias", 0);
    }
    if (init == WeightInit.TIMM) {
      assertDeviation(weights, "blocks.0.attn.qkv.weight", 0.02);
    } else {
      assertUniform(weights, "blocks.0.attn.qkv.weight", Math.sqrt(6.0 / (2 * WIDTH)));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JAX", "JAX_NLHB"})
  void theClassifierOfJaxStartsAtZero(WeightInit init) {
    var weights = weights(init);
    assertConstant(weights, "head.weight", 0);
    assertConstant(weights, "head.bias", init == WeightInit.JAX ? 0 : -Math.log(10));
    assertUniform(weights, "blocks.0.attn.qkv.weight", Math.sqrt(6.0 / (4 * WIDTH)));
    assertUniform(weights, "blocks.0.mlp.fc2.weight", Math.sqrt(6.0 / (5 * WIDTH)));
    assertDeviation(weights, "blocks.0.mlp.fc1.bias", 1e-6);
    assertConstant(weights, "blocks.0.attn.proj.bias", 0);
    assertDeviation(weights, "patch_embed.proj.weight", Math.sqrt(1.0 / 16)); // LeCun, fan-in 16
  }

  @Test
  void mocoTakesQueriesKeysAndValuesAsThreeMatrices() {
    var weights = weights(WeightInit.MOCO);
    assertUniform(weights, "blocks.0.attn.qkv.weight", Math.sqrt(6.0 / (2 * WIDTH)));
    assertUniform(weights, "blocks.0.mlp.fc1.weight", Math.sqrt(6.0 / (5 * WIDTH)));
    assertUniform(weights, "head.weight", Math.sqrt(6.0 / (WIDTH + 10)));
  }

  @ParameterizedTest
  @EnumSource(names = {"KAN", "KAN_MIMETIC"})
  void layersAfterFunctionsKeepTheVariance(WeightInit init) {
    var weights = weights(init);
    assertDeviation(weights, "blocks.0.mlp.fc1.weight", Math.sqrt(1.0 / WIDTH));
    assertDeviation(weights, "blocks.0.mlp.fc2.weight", Math.sqrt(ALPHA_SWISH / (4 * WIDTH)));
    assertConstant(weights, "blocks.0.mlp.fc1.bias", 0);
    assertDeviation(weights, "head.weight", 0.02);
  }

  @Test
  void mimeticChangesAttentionOnly() {
    var plain = weights(WeightInit.TIMM);
    var mimetic = weights(WeightInit.MIMETIC);
    Map<String, Boolean> same = new LinkedHashMap<>();
    plain.forEach((name, tensor) -> same.put(name, tensor.equal(get(mimetic, name))));
    assertThat(same)
        .containsEntry("blocks.0.attn.qkv.weight", false)
        .containsEntry("blocks.0.attn.proj.weight", false);
    same.remove("blocks.0.attn.qkv.weight");
    same.remove("blocks.0.attn.proj.weight");
    assertThat(same).doesNotContainValue(false);
  }

  /** Second moments of what fc1 and fc2 of a mixer give for x ~ N(0, 1). */
  private record Moments(double hidden, double out) {}

  private static Moments moments(WeightInit init, int width) {
    var spec = VisionTransformer.Spec.kat(28, 28, 1, 10, width, 1, 12).withWeightInit(init);
    GroupRationalMlp[] mixer = new GroupRationalMlp[1];
    StateDict.forEachPart(
        spec.build(Context.cpu(1)),
        (_, part) -> {
          if (part instanceof GroupRationalMlp found) {
            mixer[0] = found;
          }
        });
    try (var _ = Scope.noGradients()) {
      double[] hidden = new double[1];
      Tensor x =
          new RandomStream(2)
              .normal(
                  torch.zeros(new long[] {1, 64, width}, new TensorOptions(ScalarType.Float)),
                  0,
                  1);
      Pass pass =
          Pass.evaluation((name, value) -> {
            if (name.equals("hidden")) {
              hidden[0] = value.var().item_double();
            }
          });
      double out = mixer[0].forward(x, pass).var().item_double();
      return new Moments(hidden[0], out);
    }
  }

  /** The sheet's eighth check: 5 percent. */
  @Test
  void thePapersStartKeepsTheVarianceAndTheReleasedOneDoesNot() {
    Moments paper = moments(WeightInit.KAN, 768);
    assertThat(paper.hidden).isCloseTo(1, within(0.05));
    assertThat(paper.out).isCloseTo(1, within(0.05));
    Moments released = moments(WeightInit.KAN_RELEASED, 192);
    assertThat(released.hidden).isCloseTo(192 * 0.02 * 0.02, within(0.005)); // 0.077
    assertThat(released.out).isLessThan(0.077);
  }

  /** The facts of the sheet's fourth section, at width 192 with heads of 64 channels. */
  @Test
  void mimeticAttentionLooksTrained() {
    int width = 192;
    Attention attention =
        Attention.Spec.heads(3).build(width, Context.cpu(0).withDType(DType.FLOAT64));
    MimeticAttention.initialise(attention, new RandomStream(11));
    try (var _ = Scope.noGradients()) {
      // The same stream again: one noise matrix for each head, then one for values.
      RandomStream again = new RandomStream(11);
      Tensor qkv = Objects.requireNonNull(attention.qkv()).weight();
      for (int head = 0; head < 3; head++) {
        Tensor target = mixture(again, width, 0.7, 0.7);
        Tensor queries = qkv.narrow(0, 64L * head, 64);
        Tensor keys = qkv.narrow(0, width + 64L * head, 64);
        Tensor map = queries.t().matmul(keys);
        assertThat(trace(map) / width).isCloseTo(0.40, within(0.02));
        assertThat(distance(map, target)).isCloseTo(0.56, within(0.02));
      }
      Tensor target = mixture(again, width, 0.4, -0.4);
      Tensor values = qkv.narrow(0, 2L * width, width);
      Tensor proj = Objects.requireNonNull(attention.proj()).weight();
      Tensor map = proj.matmul(values);
      assertThat(trace(map)).isCloseTo(trace(target), within(1e-9)); // -0.4 width and noise
      assertThat(trace(map) / width).isCloseTo(-0.4, within(0.02));
      assertThat(distance(map, target)).isCloseTo(0.95, within(0.02));
      assertThat(distance(values.matmul(proj), target)).isLessThan(1e-12);
    }
    assertThat(Memory.doubles(Objects.requireNonNull(attention.qkv().bias()))).containsOnly(0);
    assertThat(
            Memory.doubles(Objects.requireNonNull(Objects.requireNonNull(attention.proj()).bias())))
        .containsOnly(0);
  }

  private static Tensor mixture(RandomStream random, int width, double noise, double identity) {
    TensorOptions float64 = new TensorOptions(ScalarType.Double);
    double bound = Math.sqrt(3.0 / width);
    Tensor z = random.uniform(torch.zeros(new long[] {width, width}, float64), -bound, bound);
    return z.mul(new Scalar(noise)).add(torch.eye(width, float64).mul(new Scalar(identity)));
  }

  private static double trace(Tensor matrix) {
    return matrix.trace().item_double();
  }

  private static double distance(Tensor matrix, Tensor target) {
    return matrix.sub(target).norm().item_double() / target.norm().item_double();
  }
}
