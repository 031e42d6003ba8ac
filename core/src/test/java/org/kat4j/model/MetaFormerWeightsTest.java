package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kat4j.error.UserException;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Published weights of MetaFormers by path, in every code's names. */
class MetaFormerWeightsTest {
  @TempDir Path folder;
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static String size(MetaFormerNames names) {
    return switch (names) {
      case TIMM, POOLFORMER -> "poolformer_s12";
      case BASELINES -> "randformer_s12";
      case TIMM_RESMLP, RESMLP -> "resmlp_12";
    };
  }

  /** 7 classes; layers of one pixel as convolutions, as PoolFormer and timm have them. */
  private static Map<String, Tensor> tensors(MetaFormerNames names) {
    ImageModel.Spec spec = ImageModel.Spec.named(size(names)).withInput(224, 3, 7);
    Map<String, Tensor> stored = new LinkedHashMap<>();
    try (Model model = spec.build(Context.cpu(0).withDevice(Device.META))) {
      int place = 1;
      for (var tensor : StateDict.of(model).entrySet()) {
        long[] shape = tensor.getValue().shape();
        Tensor numbers = torch.ones(shape).mul(new Scalar(place++));
        boolean pixel = tensor.getKey().contains(".mlp.fc") && shape.length == 2;
        boolean turned =
            pixel && (names == MetaFormerNames.TIMM || names == MetaFormerNames.POOLFORMER);
        boolean affine =
            names == MetaFormerNames.TIMM_RESMLP && tensor.getKey().matches(".*(alpha|beta)");
        stored.put(
            names.of(tensor.getKey()),
            turned
                ? numbers.view(shape[0], shape[1], 1, 1)
                : affine ? numbers.view(1, 1, shape[0]) : numbers);
      }
    }
    return stored;
  }

  @ParameterizedTest
  @EnumSource
  void areReadUnderTheirNames(MetaFormerNames names) {
    Path file = folder.resolve("model.safetensors");
    Map<String, Tensor> stored = tensors(names);
    Safetensors.write(file, stored, Map.of());
    try (WeightsFile weights = WeightsFile.open(file, size(names), "");
        Model model = Weights.load(weights, Context.cpu(1))) {
      MetaFormer.Spec spec = (MetaFormer.Spec) model.spec();
      assertThat(spec.classes()).isEqualTo(7);
      // timm takes PoolFormer's final norm after the mean.
      boolean before = names != MetaFormerNames.TIMM && names != MetaFormerNames.BASELINES;
      assertThat(spec.pooling() == MetaFormer.Pooling.AVERAGE_OF_NORMED).isEqualTo(before);
      StateDict.of(model)
          .forEach((name, tensor) -> {
            Tensor there = Objects.requireNonNull(stored.get(names.of(name)));
            assertThat(tensor.equal(there.view(tensor.shape()))).as(name).isTrue();
          });
    }
  }

  /** timm's folder: the architecture, the images and the names of classes in config.json. */
  @Test
  void aFolderSaysWhatItIs() throws IOException {
    Safetensors.write(folder.resolve("model.safetensors"), tensors(MetaFormerNames.TIMM), Map.of());
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"architecture": "poolformer_s12", "num_classes": 7, "global_pool": "avg",
         "pretrained_cfg": {"tag": "sail_in1k", "input_size": [3, 256, 256], "crop_pct": 0.9,
           "interpolation": "bicubic", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}
        """);
    try (WeightsFile weights = WeightsFile.open(folder)) {
      assertThat(((MetaFormer.Spec) weights.spec()).imageSize()).isEqualTo(256);
      assertThat(weights.metadata()).containsEntry(Weights.CROP_PCT, "0.9");
      assertThat(weights.assumption()).isEmpty();
    }
  }

  @Test
  void otherTensorsAreRefusedByName() {
    Path file = folder.resolve("model.safetensors");
    Map<String, Tensor> stored = tensors(MetaFormerNames.POOLFORMER);
    stored.remove("network.1.proj.bias");
    Safetensors.write(file, stored, Map.of());
    try (WeightsFile weights = WeightsFile.open(file, "poolformer_s12", "")) {
      assertThatThrownBy(() -> Weights.load(weights, Context.cpu(1)))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("stages.1.downsample.conv.bias is missing");
    }
    assertThatThrownBy(() -> WeightsFile.open(file, "caformer_s18", ""))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("head.fc2.weight is missing");
    Safetensors.write(file, Map.of("a", torch.ones(new long[] {2})), Map.of());
    assertThatThrownBy(() -> WeightsFile.open(file, "caformer_s18", ""))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("neither timm's names nor those of the authors' code");
  }

  @Test
  void namesOfFilesSayTheSize() {
    assertThat(MetaFormerPublished.named("caformer_s18_384_in21ft1k"))
        .contains(new MetaFormerPublished("caformer_s18", 384));
    assertThat(MetaFormerPublished.named("convformer_b36.sail_in22k_ft_in1k_384"))
        .contains(new MetaFormerPublished("convformer_b36", 384));
    assertThat(MetaFormerPublished.named("resmlp_12_224.fb_in1k"))
        .contains(new MetaFormerPublished("resmlp_12", 224));
    assertThat(MetaFormerPublished.named("poolformer_s13")).isEmpty();
    assertThat(MetaFormerPublished.named("vit_small_patch16_224")).isEmpty();
  }
}
