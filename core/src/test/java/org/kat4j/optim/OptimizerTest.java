package org.kat4j.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.error.UserException;
import org.kat4j.model.Model;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class OptimizerTest {
  @TempDir Path folder;
  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  /** A parameter p with its gradient g. */
  private static Tensor parameter(double[] p, double... g) {
    Tensor parameter = Backpropagation.leaf(Tensor.create(p), DType.FLOAT64);
    Backpropagation.setGradient(parameter, Tensor.create(g));
    return parameter;
  }

  private static double[] afterOneStep(Optimizer.Spec spec) {
    SequencedMap<String, Tensor> one = new LinkedHashMap<>();
    one.put("p", parameter(new double[] {3, 4}, 0.6, -0.8));
    spec.build(ParameterGroup.single(one, spec.weightDecay())).step(spec.lr());
    return Memory.doubles(Objects.requireNonNull(one.get("p")));
  }

  @Test
  void adamWWorkedExample() {
    double[] p = afterOneStep(new AdamW.Spec(1e-3, 0.05, 0.9, 0.999, 1e-8));
    // epsilon / |g| = 1.7e-8 of the step of 1e-3
    assertThat(p).containsExactly(new double[] {2.99885, 4.0008}, within(2e-11));
  }

  @Test
  void lambWorkedExample() {
    double[] p = afterOneStep(new Lamb.Spec(0.1, 0.01, 0.9, 0.999, 1e-6, 1, false, false));
    // printed with eight decimals
    assertThat(p).containsExactly(new double[] {2.63423633, 4.34090605}, within(1e-8));
  }

  @Test
  void lambDividesLargeGradientsFirst() {
    SequencedMap<String, Tensor> large = new LinkedHashMap<>();
    large.put("p", parameter(new double[] {3, 4}, 6, -8));
    Optimizer lamb =
        new Lamb.Spec(0.1, 0.01, 0.9, 0.999, 1e-6, 1, false, false)
            .build(ParameterGroup.single(large, 0.01));
    lamb.step(0.1);
    assertThat(Memory.doubles(Objects.requireNonNull(large.get("p"))))
        .containsExactly(new double[] {2.63423633, 4.34090605}, within(1e-8));
  }

  /** v = g = (.6, -.8); p -= .1 (g + .9 v). */
  @Test
  void sgdWithNesterovMomentum() {
    double[] p = afterOneStep(new Sgd.Spec(0.1, 0, 0.9, true));
    assertThat(p).containsExactly(new double[] {3 - 0.114, 4 + 0.152}, within(1e-15));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1e-5",
    "1, 2.08e-4",
    "2, 4.06e-4",
    "3, 6.04e-4",
    "4, 8.02e-4",
    "5, 9.99315e-4",
    "6, 9.99013e-4",
    "150, 5e-4",
    "299, 2.7e-8",
    "300, 0",
    "400, 0"
  })
  void cosineRows(double epoch, double lr) {
    var schedule = new CosineSchedule(1e-3, 300, 0, 5, 1e-5, false);
    assertThat(schedule.at(epoch)).isCloseTo(lr, within(5e-10)); // printed with six digits
  }

  @Test
  void warmupPrefixPutsTheWarmupOnTop() {
    var schedule = new CosineSchedule(1e-3, 300, 1e-6, 5, 1e-5, true);
    assertThat(schedule.at(5)).isEqualTo(1e-3);
    assertThat(schedule.at(155)).isCloseTo((1e-3 + 1e-6) / 2, within(1e-15));
    assertThat(schedule.at(305)).isEqualTo(1e-6);
    assertThat(new CosineSchedule(1e-3, 10, 0, 0, 0, false).at(0)).isEqualTo(1e-3);
  }

  @Test
  void clippingScalesAllGradientsByOneNorm() {
    Tensor a = parameter(new double[] {1}, 3);
    Tensor b = parameter(new double[] {1}, 4);
    Tensor without = Backpropagation.leaf(Tensor.create(new double[] {1}), DType.FLOAT64);
    List<Tensor> all = List.of(a, without, b);
    assertThat(GradientNorm.of(all).item_double()).isEqualTo(5);
    GradientNorm.clip(all, 10);
    assertThat(Memory.doubles(a.grad())).containsExactly(3);
    GradientNorm.clip(all, 1);
    assertThat(Memory.doubles(a.grad())[0]).isCloseTo(3 / (5 + 1e-6), within(1e-15));
    assertThat(Memory.doubles(b.grad())[0]).isCloseTo(4 / (5 + 1e-6), within(1e-15));
    assertThat(without.grad().defined()).isFalse();
  }

  @Test
  void withoutAnyGradientTheNormIsZero() {
    Tensor without = Backpropagation.leaf(Tensor.create(new double[] {1}), DType.FLOAT64);
    assertThat(GradientNorm.of(List.of(without)).item_double()).isZero();
    GradientNorm.clip(List.of(without), 1);
    GradientNorm.clip(List.of(), 1);
  }

  @Test
  void vectorsBiasesAndExceptionsDoNotDecay() {
    Model model = Model.Spec.named("kat_nano").build(Context.cpu(0).withDevice(Device.META));
    var groups = ParameterGroup.split(StateDict.of(model), 0.05, model.noWeightDecay());
    Set<String> kept = groups.get(0).parameters().keySet();
    Set<String> decayed = groups.get(1).parameters().keySet();
    assertThat(groups.get(0).weightDecay()).isZero();
    assertThat(groups.get(1).weightDecay()).isEqualTo(0.05);
    assertThat(kept)
        .contains("cls_token", "pos_embed", "norm.weight", "head.bias", "blocks.0.norm1.weight")
        .doesNotContainAnyElementsOf(decayed);
    assertThat(decayed)
        .contains("head.weight", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight")
        .contains("blocks.0.mlp.act1.weight_numerator", "blocks.3.mlp.act2.weight_denominator");
    assertThat(kept.size() + decayed.size()).isEqualTo(StateDict.of(model).size());
  }

  static Stream<Optimizer.Spec> optimizers() {
    return Stream.of(AdamW.Spec.example(), Lamb.Spec.example(), Sgd.Spec.example());
  }

  /** Parameters that start alike and gradients that depend on the step alone. */
  private static SequencedMap<String, Tensor> parameters() {
    SequencedMap<String, Tensor> all = new LinkedHashMap<>();
    all.put("weight", Backpropagation.leaf(normal(1, 4, 3), DType.FLOAT32));
    all.put("bias", Backpropagation.leaf(normal(2, 4), DType.FLOAT32));
    return all;
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor numbers = torch.zeros(shape, new TensorOptions(ScalarType.Float));
    return new RandomStream(seed).normal(numbers, 0, 1);
  }

  private static void steps(
      Optimizer optimizer, Map<String, Tensor> parameters, int from, int to, double lr) {
    for (int step = from; step < to; step++) {
      for (Tensor parameter : parameters.values()) {
        Backpropagation.setGradient(parameter, normal(100 + step, parameter.shape()));
      }
      optimizer.step(lr);
    }
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void goesOnFromAFileBitForBit(Optimizer.Spec spec) {
    var straight = parameters();
    Optimizer first = spec.build(ParameterGroup.split(straight, 0.05, Set.of()));
    steps(first, straight, 0, 3, 1e-2);

    Path file = folder.resolve("state.safetensors");
    Safetensors.write(file, first.state(), Map.of());
    var resumed = parameters();
    resumed.forEach(
        (name, p) -> Backpropagation.set(p, Objects.requireNonNull(straight.get(name)).detach()));
    Optimizer second = spec.build(ParameterGroup.split(resumed, 0.05, Set.of()));
    try (Safetensors saved = Safetensors.open(file)) {
      Map<String, Tensor> state = new LinkedHashMap<>();
      saved.names().forEach(name -> state.put(name, saved.read(name)));
      second.restore(state);
    }

    steps(first, straight, 3, 6, 1e-2);
    steps(second, resumed, 3, 6, 1e-2);
    straight.forEach((name, p) ->
        assertThat(Objects.requireNonNull(resumed.get(name)).equal(p)).as(name).isTrue());
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void aParameterWithoutGradientStays(Optimizer.Spec spec) {
    var parameters = parameters();
    Tensor weight = Objects.requireNonNull(parameters.get("weight"));
    Tensor before = weight.detach().clone();
    Tensor bias = Objects.requireNonNull(parameters.get("bias"));
    Backpropagation.setGradient(bias, normal(1, 4));
    Tensor biasBefore = bias.detach().clone();
    spec.build(ParameterGroup.single(parameters, 0.05)).step(0.1);
    assertThat(weight.equal(before)).isTrue();
    assertThat(bias.equal(biasBefore)).isFalse();
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void stateOfAnotherOptimizerIsRefused(Optimizer.Spec spec) {
    Optimizer optimizer = spec.build(ParameterGroup.single(parameters(), 0));
    assertThatThrownBy(() -> optimizer.restore(Map.of()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("is missing in the checkpoint");
    Map<String, Tensor> wrong = new LinkedHashMap<>(optimizer.state());
    wrong.replaceAll((_, tensor) -> tensor.dim() == 0 ? tensor : Tensor.create(new float[] {1}));
    assertThatThrownBy(() -> optimizer.restore(wrong))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("has the shape [1]");
  }
}
