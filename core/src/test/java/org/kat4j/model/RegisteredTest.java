package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.error.UserException;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.StateDict;

/** The published sizes, counted on the meta device, where a model has no memory. */
class RegisteredTest {
  private static Model onMeta(Model.Spec spec) {
    return spec.build(Context.cpu(0).withDevice(Device.META));
  }

  private static long count(String name) {
    return StateDict.parameterCount(onMeta(Model.Spec.named(name)));
  }

  @ParameterizedTest
  @CsvSource({
    "kat_tiny, 5718328",
    "kat_small, 22051576",
    "kat_base, 86568568",
    "vit_tiny, 5717416",
    "vit_small, 22050664",
    "vit_base, 86567656",
    "kat_tiny_gelu_patch16_224, 5718328",
    "kat_small_swish_patch16_224, 22051576",
    "flash_kat_base_patch16_224, 86568568",
    "poolformer_s12, 11915176",
    "poolformer_s24, 21388968",
    "poolformer_s36, 30862760",
    "poolformer_m36, 56172520",
    "poolformer_m48, 73473448",
    "poolformerv2_s12, 11891712",
    "poolformerv2_m48, 73346056",
    "identityformer_s12, 11891712",
    "identityformer_m48, 73346056",
    "randformer_s12, 11891712",
    "randformer_m48, 73346056",
    "convformer_s18, 26774448",
    "convformer_s36, 40012152",
    "convformer_m36, 57051640",
    "convformer_b36, 99882616",
    "caformer_s18, 26341656",
    "caformer_s36, 39297102",
    "caformer_m36, 56204878",
    "caformer_b36, 98753614",
    "resmlp_12, 15350872",
  })
  void hasThePublishedNumberOfParameters(String name, long parameters) {
    assertThat(count(name)).isEqualTo(parameters);
  }

  @Test
  void tenClassesOfTheTinySize() {
    Model.Spec tiny = ImageModel.Spec.named("kat_tiny").withInput(224, 3, 10);
    assertThat(StateDict.parameterCount(onMeta(tiny))).isEqualTo(5_527_258);
  }

  @Test
  void tenClassesOfPoolFormer() {
    Model.Spec small = ImageModel.Spec.named("poolformer_s12").withInput(224, 3, 10);
    assertThat(StateDict.parameterCount(onMeta(small))).isEqualTo(11_407_306);
  }

  /** One matrix for each block of the last two stages: 6 of 196^2 and 2 of 49^2 in s12. */
  @ParameterizedTest
  @CsvSource({"randformer_s12, 235298", "randformer_m48, 941192"})
  void frozenMatricesAreSavedButNotTrained(String name, long frozen) {
    Model model = onMeta(Model.Spec.named(name));
    long saved = StateDict.of(model).values().stream().mapToLong(Tensor::numel).sum();
    assertThat(saved - StateDict.parameterCount(model)).isEqualTo(frozen);
  }

  /** Convolutions and classifier; sheet 32. */
  @ParameterizedTest
  @CsvSource({
    "poolformer_s12, 1.812",
    "poolformer_s24, 3.392",
    "poolformer_s36, 4.972",
    "poolformer_m36, 8.759",
    "poolformer_m48, 11.533",
  })
  void poolFormersMultiplyAdditions(String name, double billions) {
    assertThat(Model.Spec.named(name).macs() / 1e9).isCloseTo(billions, within(5e-4));
  }

  /** Two functions with 6 + 8 * 4 coefficients. */
  @Test
  void aKatBlockHas76ParametersMoreThanItsTwin() {
    Registered.all()
        .forEach((name, spec) -> {
          if (name.startsWith("kat_") && !name.contains("gelu")) {
            int depth = ((VisionTransformer.Spec) spec).depth();
            long twin = count(name.replace("kat_", "vit_"));
            assertThat(StateDict.parameterCount(onMeta(spec)) - twin)
                .as(name)
                .isEqualTo(76L * depth);
          }
        });
  }

  @Test
  void namesOfTheStateDict() {
    var tensors = StateDict.of(onMeta(Model.Spec.named("kat_tiny")));
    assertThat(tensors).hasSize(200);
    assertThat(shape(tensors, "pos_embed")).containsExactly(1, 197, 192);
    assertThat(shape(tensors, "blocks.11.attn.qkv.weight")).containsExactly(576, 192);
    assertThat(shape(tensors, "blocks.0.mlp.act1.weight_numerator")).containsExactly(1, 6);
    assertThat(shape(tensors, "blocks.0.mlp.act2.weight_denominator")).containsExactly(8, 4);
    assertThat(StateDict.of(onMeta(Model.Spec.named("flash_kat_tiny"))))
        .containsKey("blocks.0.mlp.act1.numerator_v");
  }

  private static long[] shape(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), name).shape();
  }

  @Test
  void anUnknownNameNamesTheNearest() {
    assertThatThrownBy(() -> Model.Spec.named("kat_tyny_patch16_224"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("did you mean 'kat_tiny_patch16_224'");
  }

  /** Sheet: 1.08 G for the tiny ViT, counted without the attention products' softmax. */
  @Test
  void countsTheWorkOfOneImage() {
    double vit = Model.Spec.named("vit_tiny").macs();
    double kat = Model.Spec.named("kat_tiny").macs();
    // fvcore leaves the two products inside fused attention out: 2 N^2 D for each block.
    double products = 12.0 * 2 * 197 * 197 * 192;
    assertThat((vit - products) / 1e9).isBetween(1.07, 1.09);
    assertThat(kat).isGreaterThan(vit).isLessThan(1.06 * vit);
  }
}
