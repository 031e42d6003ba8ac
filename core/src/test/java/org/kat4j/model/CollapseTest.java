package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** W_Q W_K^T as one matrix: the same answers, biases and all. */
class CollapseTest {
  @TempDir Path folder;
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static CausalTransformer.Spec language(String options) {
    return Config.bind(
        Config.parse("{vocabulary: 11, longest: 8, width: 16, depth: 2, " + options + "}", "test"),
        CausalTransformer.Spec.example(),
        "test");
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, 1);
  }

  private static Context exact() {
    return Context.cpu(3).withDType(DType.FLOAT64);
  }

  private Model collapsed(Model original) {
    Path file = folder.resolve("original.safetensors");
    Weights.save(file, original, Map.of());
    try (WeightsFile weights = WeightsFile.open(file)) {
      Model model = Collapse.of(weights.spec()).build(exact().forOverwriting());
      Transfer.into(model, Collapse.tensors(weights.tensors(), model));
      return model;
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tokenMixer: {heads: 1}",
        "tokenMixer: {heads: 1, projections: separate, qkvBias: false, scores: [{kind: decay-mask, first: 1}, {kind: relative-bias}]}",
        "tokenMixer: {heads: 1, projections: separate, values: none}, channelMixer: {kind: none}",
        "tokenMixer: {heads: 1, projections: shared-qk, scores: [{kind: relative-bias}]}",
        "tokenMixer: {heads: 1, projections: collapsed}, exceptions: [{kind: token-mixer, first: 1, mixer: {kind: attention, heads: 1}}]"
      })
  void nothingChangesButRounding(String options) {
    CausalTransformer original = language(options).build(exact());
    long seed = 40;
    for (Tensor parameter : StateDict.trained(original).values()) {
      Backpropagation.set(parameter, normal(seed++, parameter.shape()).mul(new Scalar(0.3)));
    }
    var model = (CausalTransformer) collapsed(original);
    assertThat(StateDict.of(model))
        .containsKeys("blocks.0.attn.qk.weight", "blocks.1.attn.qk.weight");
    Tensor tokens = torch.arange(new Scalar(8)).to(ScalarType.Long).view(1, 8);
    Tensor wanted = original.forward(tokens, Pass.evaluation());
    Tensor found = model.forward(tokens, Pass.evaluation());
    assertThat(found.sub(wanted).abs().max().item_double())
        .isLessThan(1e-13 * wanted.abs().max().item_double());
  }

  @Test
  void aVisionTransformerGivesTheSameLogits() {
    VisionTransformer.Spec spec = VisionTransformer.Spec.vit(8, 4, 1, 3, 16, 2, 1);
    VisionTransformer original = spec.build(exact());
    for (Tensor parameter : StateDict.trained(original).values()) {
      Backpropagation.set(
          parameter, normal(parameter.numel(), parameter.shape()).mul(new Scalar(0.3)));
    }
    var model = (VisionTransformer) collapsed(original);
    Tensor images = normal(1, 4, 1, 8, 8);
    Tensor wanted = original.forward(images, Pass.evaluation());
    assertThat(model.forward(images, Pass.evaluation()).sub(wanted).abs().max().item_double())
        .isLessThan(1e-13 * wanted.abs().max().item_double());
    // Of 3 width + width matrices three are left, and of four biases three.
    long before = StateDict.parameterCount(original);
    assertThat(before - StateDict.parameterCount(model)).isEqualTo(2 * (16 * 16 + 16));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tokenMixer: {heads: 4} | --collapse: attention with 4 heads would need a matrix of the width for each of them; only one head is collapsed",
        "tokenMixer: {heads: 1, queryKey: [{kind: rotary}]} | --collapse: queryKey step rotary stands between W_Q and W_K: their product is not what the model computes",
        "tokenMixer: {heads: 1, scores: [{kind: decay-mask}]} | --collapse: scores decay-mask multiplies what the bias of the queries adds: only without qkvBias",
        "tokenMixer: {heads: 1, projections: collapsed} | --collapse: no attention here has matrices W_Q and W_K to multiply"
      })
  void whatCannotBeCollapsedIsSaid(String options, String message) {
    assertThatThrownBy(() -> Collapse.of(language(options)))
        .isInstanceOf(UserException.class)
        .hasMessage(message);
  }

  @Test
  void aFileOfOtherShapesIsRefused() {
    CausalTransformer original = language("tokenMixer: {heads: 1, headWidth: 8}").build(exact());
    Path file = folder.resolve("narrow.safetensors");
    Weights.save(file, original, Map.of());
    try (WeightsFile weights = WeightsFile.open(file)) {
      Model.Spec to = Collapse.of(weights.spec());
      assertThatThrownBy(() -> to.build(exact()))
          .hasMessage(
              "headWidth = 8: tokens as queries, keys or values need heads as wide as the width 16 together");
      Model whole = language("tokenMixer: {heads: 1, projections: collapsed}").build(exact());
      assertThatThrownBy(() -> Collapse.tensors(weights.tensors(), whole))
          .isInstanceOf(UserException.class)
          .hasMessage(file + ": blocks.0.attn.qkv.weight is not of one head as wide as the tokens");
    }
  }
}
