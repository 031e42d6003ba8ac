package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.attention.Weighting;
import org.kat4j.config.Config;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.Optimizer;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.token.Attention;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** What every weighting of attention has to do in a model. */
class WeightingSweepTest {
  private static final int STEPS = 20;
  private static final int BATCH = 8;

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

  static Stream<Weighting.Spec> weightings() {
    return Arrays.stream(Weighting.Spec.class.getPermittedSubclasses())
        .map(WeightingSweepTest::example);
  }

  private static Weighting.Spec example(Class<?> type) {
    try {
      return (Weighting.Spec) type.getMethod("example").invoke(null);
    } catch (ReflectiveOperationException missing) {
      throw new AssertionError(type + " needs a public static example()", missing);
    }
  }

  /**
   * 16 tokens, a power of two, and heads of 16 channels, as many as tokens: fit for all of them.
   */
  private static Model.Spec around(Weighting.Spec weighting) {
    Attention.Spec attention = Attention.Spec.heads(2).withWeighting(weighting);
    return Config.fromJson(
        Config.toJson(VisionTransformer.Spec.vit(8, 2, 1, 5, 32, 2, 2))
            .replace(Config.toJson(Attention.Spec.heads(2)), Config.toJson(attention))
            .replace("\"classToken\":true", "\"classToken\":false")
            .replace("\"pooling\":\"token\"", "\"pooling\":\"average\""),
        Model.Spec.class,
        "test");
  }

  private static Tensor images() {
    Tensor zeros = torch.zeros(new long[] {BATCH, 1, 8, 8}, new TensorOptions(ScalarType.Float));
    return new RandomStream(1).normal(zeros, 0, 1);
  }

  @ParameterizedTest
  @MethodSource("weightings")
  void trainsAndIsSaved(Weighting.Spec weighting) {
    Model.Spec spec = around(weighting);
    assertThat(Config.toJson((Record) spec)).contains(Config.toJson((Record) weighting));
    ImageModel model = (ImageModel) spec.build(Context.cpu(1));
    Tensor images = images();
    Tensor labels = Tensor.create(new long[] {0, 1, 2, 3, 4, 0, 1, 2});
    Map<String, Tensor> trained = StateDict.trained(model);
    List<ParameterGroup> groups = ParameterGroup.split(StateDict.trained(model), 0.05, Set.of());
    Optimizer optimizer = new AdamW.Spec(3e-3, 0.05, 0.9, 0.999, 1e-8).build(groups);
    double first = Double.NaN;
    double last = Double.NaN;
    for (int step = 0; step < STEPS; step++) {
      try (Scope _ = Scope.open()) {
        Tensor logits = model.forward(images, Pass.training(new RandomStream(step)));
        Tensor loss = Losses.crossEntropy(logits, labels, 0);
        last = loss.item_double();
        first = step == 0 ? last : first;
        loss.backward();
        trained.forEach((name, tensor) -> {
          if (tensor.grad().defined()) {
            assertThat(Memory.isFinite(tensor.grad())).as(name).isTrue();
          }
        });
        optimizer.step(3e-3);
        StateDict.clearGradients(trained);
      }
    }
    assertThat(last).isFinite().isLessThan(first);

    Path file = folder.resolve("model.safetensors");
    Weights.save(file, model, Map.of());
    ImageModel loaded = (ImageModel) Weights.load(file, Context.cpu(2));
    assertThat(loaded.spec()).isEqualTo(spec);
    try (var _ = Scope.noGradients()) {
      Tensor logits = model.forward(images, Pass.evaluation());
      assertThat(loaded.forward(images, Pass.evaluation()).equal(logits)).isTrue();
      // Under autocast the product of q and k is exact, but not what they are made of.
      try (var _ = Precision.BFLOAT16.on(Device.CPU)) {
        Tensor lowered = model.forward(images, Pass.evaluation());
        assertThat(Memory.isFinite(lowered)).isTrue();
      }
    }
    assertThat(spec.macs()).isPositive();
  }
}
