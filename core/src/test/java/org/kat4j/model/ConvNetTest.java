package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class ConvNetTest {
  @TempDir Path folder;
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static ConvNet.Spec spec(String yaml) {
    ConvNet.Spec small = ConvNet.Spec.example().withInput(12, 1, 5);
    return Config.bind(Config.parse("{kind: convnet, " + yaml + "}", "test"), small, "test");
  }

  private static Tensor images(int batch) {
    Tensor numbers =
        torch.zeros(new long[] {batch, 1, 12, 12}, new TensorOptions(ScalarType.Double));
    return Memory.to(new RandomStream(3).normal(numbers, 0, 1), DType.FLOAT32);
  }

  private static Tensor logits(ImageModel model) {
    return model.forward(images(3), Pass.evaluation());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "width: 4",
        "width: 4, convolution: {kind: kan, function: {kind: chebyshev}}",
        "width: 4, convolution: {kind: kan, function: {kind: radial-basis, layerNorm: false}}",
        "width: 4, convolution: {kind: plain}, activation: relu, readout: average",
        "width: 4, convolution: {kind: selection, granularity: layer}, pooling: average",
        "width: 4, norm: none, headDropout: 0.1, convolution: {kind: kan, window: {kernel: 5, stride: 2, padding: 2}}"
      })
  void trainsIsSavedAndLoaded(String yaml) {
    ConvNet.Spec spec = spec(yaml);
    assertThat(Config.fromJson(Config.toJson(spec), Model.Spec.class, "test")).isEqualTo(spec);
    assertThat(spec.macs()).isPositive();
    ConvNet model = spec.build(Context.cpu(1));
    assertThat(Registered.parameterCount(spec)).isEqualTo(StateDict.parameterCount(model));
    Tensor trained = model.forward(images(3), Pass.training(new RandomStream(4)));
    assertThat(trained.shape()).containsExactly(3, 5);
    Backpropagation.run(trained, torch.ones_like(trained).div(trained.detach()));
    StateDict.trained(model)
        .forEach((name, tensor) -> assertThat(tensor.grad().defined()).as(name).isTrue());
    Path file = folder.resolve("weights.safetensors");
    Weights.save(file, model, Map.of());
    ImageModel loaded = (ImageModel) Weights.load(file, Context.cpu(2));
    assertThat(loaded.spec()).isEqualTo(spec);
    assertThat(logits(loaded).equal(logits(model))).isTrue();
  }

  @Test
  void samplesDoNotSeeEachOther() {
    ConvNet model = spec("width: 4").build(Context.cpu(1));
    Tensor together = model.forward(images(3), Pass.evaluation()).narrow(0, 1, 1);
    Tensor alone = model.forward(images(3).narrow(0, 1, 1), Pass.evaluation());
    assertThat(together.sub(alone).abs().max().item_double()).isLessThan(1e-5);
  }

  @Test
  void namesAreStable() {
    assertThat(StateDict.of(spec("width: 4, stages: 1").build(Context.cpu(1))).keySet())
        .containsExactly(
            "stages.0.convolution.base_weight",
            "stages.0.convolution.spline_weight",
            "stages.0.convolution.spline_scaler",
            "stages.0.convolution.grid",
            "stages.0.norm.weight",
            "stages.0.norm.bias",
            "stages.0.norm.running_mean",
            "stages.0.norm.running_var",
            "head.weight",
            "head.bias");
  }

  @Test
  void prunesItsPools() {
    ConvStack stack =
        spec("width: 4, convolution: {kind: selection, granularity: layer}")
            .build(Context.cpu(1))
            .stack();
    stack.calibrate(images(3));
    stack.selections().forEach(pool -> pool.selector().harden());
    Tensor hard = stack.forward(images(3), Pass.evaluation());
    ConvStack pruned = stack.pruned();
    Tensor left = pruned.forward(images(3), Pass.evaluation());
    // Sums of four members, three of them times 0, in float32.
    assertThat(left.sub(hard).abs().max().item_double()).isLessThan(1e-5);
    assertThat(StateDict.parameterCount(pruned)).isLessThan(StateDict.parameterCount(stack) / 2);
    assertThat(Arrays.stream(Memory.doubles(left)).allMatch(Double::isFinite)).isTrue();
  }

  @Test
  void mistakesAreNamed() {
    assertThatThrownBy(() -> spec("stages: 4"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("imageSize = 12: stage 4 of 4 would have no pixels");
    assertThatThrownBy(() -> spec("convolution: {kind: kan, function: {kind: daruan}}"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("daruan");
    assertThatThrownBy(() -> spec("convolution: {window: {kernel: 3, padding: 3}}"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("padding = 3: 0 to 2");
    ConvNet model = spec("width: 4").build(Context.cpu(1));
    assertThatThrownBy(() -> model.forward(images(2).narrow(3, 0, 11), Pass.evaluation()))
        .hasMessageContaining("[batch, 1, 12, 12] is expected");
  }
}
