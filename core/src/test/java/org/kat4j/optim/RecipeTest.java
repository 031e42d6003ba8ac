package org.kat4j.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;

/** What recipes do around an optimizer: layer decay, clipping, averages. */
class RecipeTest {
  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static Tensor leaf(double[] values, long... shape) {
    return Backpropagation.leaf(Tensor.create(values).view(shape), DType.FLOAT64);
  }

  private static SequencedMap<String, Tensor> named(String... names) {
    SequencedMap<String, Tensor> parameters = new LinkedHashMap<>();
    for (String name : names) {
      parameters.put(name, leaf(new double[] {1, 2}, 1, 2));
    }
    return parameters;
  }

  /**
   * Two blocks: stem 0, blocks 1 and 2, norms with block 2, head 3 and with it whatever timm's
   * matcher of vision transformers does not know.
   */
  @Test
  void layersLearnAtTheirRates() {
    var parameters =
        named(
            "cls_token",
            "patch_embed.proj.weight",
            "blocks.0.mlp.fc1.weight",
            "blocks.1.mlp.fc1.weight",
            "blocks.1.norm1.bias",
            "norm_pre.weight",
            "norm.weight",
            "reg_token",
            "fc_norm.weight",
            "head.weight");
    List<ParameterGroup> groups =
        ParameterGroup.layered(parameters, 0.05, Set.of("cls_token"), 0.5);
    Map<String, Double> scales = new LinkedHashMap<>();
    Map<String, Double> decays = new LinkedHashMap<>();
    for (ParameterGroup group : groups) {
      for (String name : group.parameters().keySet()) {
        scales.put(name, group.lrScale());
        decays.put(name, group.weightDecay());
      }
    }
    assertThat(scales)
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("cls_token", 0.125),
                Map.entry("patch_embed.proj.weight", 0.125),
                Map.entry("blocks.0.mlp.fc1.weight", 0.25),
                Map.entry("blocks.1.mlp.fc1.weight", 0.5),
                Map.entry("blocks.1.norm1.bias", 0.5),
                Map.entry("norm_pre.weight", 0.5),
                Map.entry("norm.weight", 0.5),
                Map.entry("reg_token", 1.0),
                Map.entry("fc_norm.weight", 1.0),
                Map.entry("head.weight", 1.0)));
    assertThat(decays.get("cls_token")).isZero();
    assertThat(decays.get("blocks.1.norm1.bias")).isZero();
    assertThat(decays.get("head.weight")).isEqualTo(0.05);
    assertThat(ParameterGroup.layered(parameters, 0.05, Set.of(), 1))
        .hasSize(2)
        .allMatch(group -> group.lrScale() == 1);
  }

  /** Without blocks or a known stem everything is the top layer. */
  @Test
  void unknownNamesLearnAtTheWholeRate() {
    assertThat(ParameterGroup.layered(named("quantum.w", "head.w"), 0.05, Set.of(), 0.5))
        .allMatch(group -> group.lrScale() == 1);
  }

  /** A layer that stays counts: the others keep their distance from the head. */
  @Test
  void frozenLayersKeepTheirPlace() {
    var parameters = named("blocks.0.w", "blocks.1.w", "head.w");
    List<ParameterGroup> groups = ParameterGroup.layered(parameters, 0.05, Set.of(), 0.5);
    assertThat(ParameterGroup.only(groups, Set.of("blocks.0.w", "head.w")))
        .extracting(ParameterGroup::lrScale)
        .containsExactly(0.25, 1.0);
  }

  /** What is not trained is averaged too, flags are copied; what stays keeps its bits. */
  @Test
  void theAverageTakesInEveryBuffer() {
    SequencedMap<String, Tensor> weights = new LinkedHashMap<>();
    weights.put("mean", Tensor.create(new float[] {4}));
    weights.put("grid", Tensor.create(new float[] {0.1f}));
    weights.put("flag", Tensor.create(new boolean[] {true}));
    SequencedMap<String, Tensor> averages = new LinkedHashMap<>();
    averages.put("mean", Tensor.create(new float[] {0}));
    averages.put("grid", Tensor.create(new float[] {0.1f}));
    averages.put("flag", Tensor.create(new boolean[] {false}));
    Ema.into(averages).update(weights, 0.75);
    assertThat(averages.values().stream().map(Memory::doubles))
        .containsExactly(new double[] {1}, new double[] {0.1f}, new double[] {1});
  }

  @Test
  void theScaleIsAFactorOfTheRate() {
    for (Optimizer.Spec spec :
        new Optimizer.Spec[] {
          new AdamW.Spec(0.1, 0, 0.9, 0.999, 1e-8),
          Lamb.Spec.example(),
          new Sgd.Spec(0.1, 0, 0.9, true)
        }) {
      var scaled = named("w");
      var plain = named("w");
      for (var parameters : List.of(scaled, plain)) {
        Tensor only = Objects.requireNonNull(parameters.get("w"));
        Backpropagation.setGradient(only, Tensor.create(new double[] {0.3, -0.2}).view(1, 2));
      }
      spec.build(List.of(new ParameterGroup(scaled, 0, 0.25))).step(0.1);
      spec.build(ParameterGroup.single(plain, 0)).step(0.025);
      assertThat(Memory.doubles(Objects.requireNonNull(scaled.get("w"))))
          .isEqualTo(Memory.doubles(Objects.requireNonNull(plain.get("w"))));
    }
  }

  private static double[] clipped(GradientClip mode, String name, double limit) {
    Tensor weight = leaf(new double[] {3, 4, 0, 0}, 2, 2);
    Backpropagation.setGradient(weight, Tensor.create(new double[] {6, -8, 0.3, 0.4}).view(2, 2));
    mode.apply(Map.of(name, weight), limit);
    return Memory.doubles(weight.grad());
  }

  @Test
  void valuesAreCut() {
    assertThat(clipped(GradientClip.VALUE, "w", 0.35)).containsExactly(0.35, -0.35, 0.3, 0.35);
  }

  @Test
  void normIsOneForAll() {
    double factor = 5 / (Math.sqrt(100.25) + 1e-6);
    assertThat(clipped(GradientClip.NORM, "w", 5))
        .containsExactly(
            new double[] {6 * factor, -8 * factor, 0.3 * factor, 0.4 * factor}, within(1e-12));
  }

  /**
   * The first row has weights of norm 5: with 0.01 its gradient of norm 10 may have 0.05. The
   * second has weights of 0, taken as 1e-3: its gradient of 0.5 may have 1e-5.
   */
  @Test
  void adaptiveClippingIsByRow() {
    assertThat(clipped(GradientClip.AGC, "w", 0.01))
        .containsExactly(new double[] {0.03, -0.04, 0.6e-5, 0.8e-5}, within(1e-15));
    assertThat(clipped(GradientClip.AGC, "head.weight", 0.01)).containsExactly(6, -8, 0.3, 0.4);
    assertThat(clipped(GradientClip.AGC, "w", 1000)).containsExactly(6, -8, 0.3, 0.4);
  }

  /** .370 at 1, .798 at 10, .954 at 100 (sheet 00); the first update copies. */
  @Test
  void memoryOfTheAverage() {
    var fixed = new Ema.Spec(0.9999, false);
    assertThat(fixed.at(0)).isZero();
    assertThat(fixed.at(1)).isEqualTo(0.9999);
    var warm = new Ema.Spec(0.9, true);
    assertThat(warm.at(0)).isZero();
    assertThat(warm.at(1)).isEqualTo(0.370, within(5e-4));
    assertThat(warm.at(10)).isEqualTo(0.798, within(5e-4));
    assertThat(warm.at(100)).isEqualTo(0.9);
    assertThat(new Ema.Spec(0.9999, true).at(100)).isEqualTo(0.954, within(5e-4));
  }
}
