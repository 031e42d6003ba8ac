package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.config.Config;
import org.kat4j.torch.Context;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class VisionTransformerTest {
  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor numbers = torch.zeros(shape, new TensorOptions(ScalarType.Float));
    return new RandomStream(seed).normal(numbers, 0, 1);
  }

  /** The small example with changes given as YAML. */
  private static VisionTransformer.Spec example(String yaml) {
    var small = VisionTransformer.Spec.kat(12, 4, 2, 5, 24, 2, 3);
    return Config.bind(Config.parse(yaml, "test"), small, "test");
  }

  static Stream<String> variants() {
    return Stream.of(
        "",
        "pooling: average",
        "pooling: average-of-normed",
        "{classToken: false, pooling: average}",
        "{classToken: false, registers: 2, pooling: average-of-normed}",
        "registers: 3",
        "{registers: 1, positionOfPrefix: false}",
        "{registers: 2, positionOfRegisters: false}",
        "distillationToken: true",
        "{distillationToken: true, registers: 1, positionOfPrefix: false}",
        "{pooling: token-and-average, registers: 1}",
        "normFirst: true",
        "layerScale: 1e-5",
        "depth: 1",
        "tokenMixer: {qkNorm: true, qkvBias: false, outBias: false}",
        "tokenMixer: {scores: [{kind: gaussian-mask}]}",
        "{classToken: false, pooling: average, tokenMixer: {scores: [{kind: element-mask, start: neutral}, {kind: relative-bias}]}}",
        "{registers: 2, tokenMixer: {scores: [{kind: decay-mask, first: 1}, {kind: relative-bias, reach: 1}]}}",
        "{channelMixer: {kind: none}, weightInit: timm, tokenMixer: {heads: 1, projections: collapsed, values: none}}",
        "{weightInit: timm, tokenMixer: {heads: 1, projections: triangular}}",
        "{channelMixer: {kind: mlp}, weightInit: timm}");
  }

  @ParameterizedTest
  @MethodSource("variants")
  void everyVariantRunsAndTrainsAllItsParameters(String yaml) {
    VisionTransformer model = example(yaml).build(Context.cpu(1));
    Tensor images = normal(2, 3, 2, 12, 12);
    Tensor logits = model.forward(images, Pass.evaluation());
    assertThat(logits.shape()).containsExactly(3, 5);
    assertThat(logits.isfinite().all().item_bool()).isTrue();
    assertThat(model.forward(images, Pass.evaluation()).equal(logits)).isTrue();
    logits.exp().sum().backward();
    StateDict.of(model)
        .forEach((name, parameter) -> {
          assertThat(parameter.grad().defined()).as(name).isTrue();
          assertThat(parameter.grad().isfinite().all().item_bool()).as(name).isTrue();
        });
  }

  @Test
  void dropPathActsInTrainingOnlyAndFollowsItsStream() {
    VisionTransformer model = example("{dropPath: 0.5, headDropout: 0.5}").build(Context.cpu(1));
    Tensor images = normal(2, 16, 2, 12, 12);
    try (var _ = Scope.noGradients()) {
      Tensor evaluated = model.forward(images, Pass.evaluation());
      Tensor trained = model.forward(images, Pass.training(new RandomStream(3)));
      assertThat(trained.equal(evaluated)).isFalse();
      assertThat(model.forward(images, Pass.training(new RandomStream(3))).equal(trained)).isTrue();
      assertThat(model.forward(images, Pass.training(new RandomStream(4))).equal(trained))
          .isFalse();
      assertThat(model.forward(images, Pass.evaluation()).equal(evaluated)).isTrue();
    }
  }

  @Test
  void theTapSeesStableNamesAndAttentionSumsToOne() {
    VisionTransformer model = example("").build(Context.cpu(1));
    List<String> names = new ArrayList<>();
    Tensor images = normal(2, 1, 2, 12, 12);
    Pass pass =
        Pass.evaluation((name, value) -> {
          names.add(name);
          if (name.endsWith("weights")) {
            assertThat(value.shape()).containsExactly(1, 3, 10, 10);
            double[] ones = new double[30];
            Arrays.fill(ones, 1);
            assertThat(Memory.doubles(value.sum(-1))).as(name).containsExactly(ones, within(1e-6));
          }
        });
    Tensor tapped = model.forward(images, pass);
    assertThat(tapped.equal(model.forward(images, Pass.evaluation()))).isTrue();
    assertThat(names)
        .contains("embedded", "blocks.0.attn", "blocks.0.attn.weights", "blocks.1.mlp.hidden")
        .contains("blocks.1.mlp", "blocks.1.out", "features", "pooled")
        .doesNotHaveDuplicates();
  }

  @Test
  void imagesOfAnotherShapeNameBothShapes() {
    VisionTransformer model = example("").build(Context.cpu(1));
    for (long[] shape : new long[][] {{1, 3, 12, 12}, {1, 2, 16, 16}, {2, 12, 12}, {1, 2, 12, 8}}) {
      assertThatThrownBy(() -> model.forward(normal(1, shape), Pass.evaluation()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("images " + Arrays.toString(shape) + ": [batch, 2, 12, 12] is expected");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "kat_nano, 28, 4", // fits as it is
    "kat_nano, 64, 4",
    "kat_tiny, 32, 4", // 16 leaves 2 x 2, 8 leaves 4 x 4
    "kat_tiny, 64, 16",
    "kat_tiny, 28, 4",
    "kat_tiny, 31, 1", // a prime
    "kat_tiny, 5, 1",
  })
  void anotherInputKeepsThePatchOrFindsAFittingOne(String name, int imageSize, int patch) {
    var spec = (VisionTransformer.Spec) ImageModel.Spec.named(name).withInput(imageSize, 1, 7);
    assertThat(spec.patchSize()).isEqualTo(patch);
    assertThat(spec.imageSize()).isEqualTo(imageSize);
    assertThat(spec.channels()).isEqualTo(1);
    assertThat(spec.classes()).isEqualTo(7);
  }

  /**
   * The sheet's counts: 9 blocks of width 192 with 12 heads, ten classes; 10 numbers a head more.
   */
  @Test
  void theGaussianMaskCostsTwoNumbersAKernelAndHead() {
    String small =
        "{imageSize: 32, channels: 3, classes: 10, width: 192, depth: 9, channelMixer: {kind: mlp, ratio: 2}, ";
    String attention = "tokenMixer: {heads: 12, headWidth: 16, qkvBias: false";
    assertThat(Registered.parameterCount(example(small + attention + "}}"))).isEqualTo(2_692_426);
    assertThat(
            Registered.parameterCount(
                example(
                    small
                        + "classToken: false, pooling: average, "
                        + attention
                        + ", scores: [{kind: gaussian-mask, kernels: 5}]}}")))
        .isEqualTo(2_693_122);
  }

  @Test
  void mixersThatDoNotFitTheWidthSaySo() {
    assertThatThrownBy(() -> example("tokenMixer: {heads: 5}").build(Context.cpu(1)))
        .hasMessage("heads = 5 does not divide the width 24");
    assertThatThrownBy(() -> example("width: 36").build(Context.cpu(1)))
        .hasMessageContaining("36 channels do not split into 8 equal groups");
    assertThatThrownBy(() -> example("classToken: false"))
        .hasMessageContaining("pooling = token needs classToken = true");
  }

  @Test
  void theSameGridKeepsItsPositions() {
    Tensor position = normal(1, 1, 1 + 49, 6);
    assertThat(PositionEmbedding.resample(position, 1, 7, true).equal(position)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"7, 14, 1", "14, 7, 1", "4, 5, 0", "3, 8, 4"})
  void otherGridsAreResampled(int side, int newSide, int prefix) {
    Tensor position = normal(1, 1, prefix + (long) side * side, 6);
    Tensor resampled = PositionEmbedding.resample(position, prefix, newSide, true);
    assertThat(resampled.shape()).containsExactly(1, prefix + (long) newSide * newSide, 6);
    assertThat(resampled.isfinite().all().item_bool()).isTrue();
    if (prefix > 0) {
      assertThat(resampled.narrow(1, 0, prefix).equal(position.narrow(1, 0, prefix))).isTrue();
    }
    Tensor constant = torch.full_like(position, new Scalar(0.75));
    Tensor same = PositionEmbedding.resample(constant, prefix, newSide, true);
    // The weights of every new position sum to 1.
    assertThat(same.sub(new Scalar(0.75)).abs().max().item_double()).isLessThan(1e-6);
  }

  @Test
  void resamplingKeepsRowsAndColumnsApart() {
    // Positions that grow from top to bottom do so after resampling, and not from left to right.
    Tensor rows = torch.arange(new Scalar(4.0)).view(1, 4, 1, 1).expand(1, 4, 4, 1);
    Tensor resampled =
        PositionEmbedding.resample(rows.reshape(1, 16, 1), 0, 8, true).view(8, 8).contiguous();
    double[] values = Memory.doubles(resampled);
    for (int row = 0; row < 8; row++) {
      assertThat(values[8 * row + 7]).isCloseTo(values[8 * row], within(1e-6));
      if (row > 0) {
        assertThat(values[8 * row]).isGreaterThan(values[8 * (row - 1)]);
      }
    }
  }

  @Test
  void positionsWithoutASquareGridAreRefused() {
    assertThatThrownBy(() -> PositionEmbedding.resample(normal(1, 1, 11, 6), 1, 4, true))
        .hasMessage("pos_embed has 10 patch positions: not a square grid");
  }
}
