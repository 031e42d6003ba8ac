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

  /** Two blocks: stem 0, blocks 1 and 2, the norm with block 2, head 3. */
  @Test
  void layersLearnAtTheirRates() {
    var parameters =
        named(
            "cls_token",
            "patch_embed.proj.weight",
            "blocks.0.mlp.fc1.weight",
            "blocks.1.mlp.fc1.weight",
            "blocks.1.norm1.bias",
            "norm.weight",
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
            Map.of(
                "cls_token", 0.125,
                "patch_embed.proj.weight", 0.125,
                "blocks.0.mlp.fc1.weight", 0.25,
                "blocks.1.mlp.fc1.weight", 0.5,
                "blocks.1.norm1.bias", 0.5,
                "norm.weight", 0.5,
                "head.weight", 1.0));
    assertThat(decays.get("cls_token")).isZero();
    assertThat(decays.get("blocks.1.norm1.bias")).isZero();
    assertThat(decays.get("head.weight")).isEqualTo(0.05);
    assertThat(ParameterGroup.layered(parameters, 0.05, Set.of(), 1))
        .hasSize(2)
        .allMatch(group -> group.lrScale() == 1);
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
