package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.error.UserException;
import org.kat4j.function.GroupRational;
import org.kat4j.function.RationalCoefficients;
import org.kat4j.model.ImageModel;

class PrecisionTest {
  @Test
  void learnableFunctionsComputeInBfloat16AndTheirCoefficientsLearnInFloat32() {
    try (Scope _ = Scope.open()) {
      GroupRational function =
          GroupRational.Spec.example()
              .build(16, RationalCoefficients.named("swish"), Context.cpu(1));
      Tensor x = torch.randn(3, 16).set_requires_grad(true);
      Tensor y;
      try (var _ = Precision.BFLOAT16.on(Device.CPU)) {
        y = function.forward(x);
      }
      assertThat(DType.of(y)).isEqualTo(DType.BFLOAT16);
      y.sum().backward();
      assertThat(DType.of(x.grad())).isEqualTo(DType.FLOAT32);
      StateDict.of(function)
          .values()
          .forEach(parameter -> assertThat(DType.of(parameter.grad())).isEqualTo(DType.FLOAT32));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kat_nano", "vit_nano"})
  void aModelInBfloat16StaysCloseToFloat32(String name) {
    try (Scope _ = Scope.open()) {
      ImageModel model = ImageModel.Spec.named(name).build(Context.cpu(1));
      Tensor images = torch.randn(2, 3, 32, 32);
      Tensor exact = model.forward(images, Pass.evaluation());
      Tensor lower;
      try (var _ = Precision.BFLOAT16.on(Device.CPU)) {
        lower = model.forward(images, Pass.evaluation());
      }
      double size = exact.abs().max().item_double();
      double distance = lower.sub(exact).abs().max().item_double();
      // Some ten roundings of 2^-9 each that add up at random; and not the same arithmetic.
      assertThat(distance).isGreaterThan(0).isLessThan(0.03 * size);
    }
  }

  @Test
  void aRegionLeavesEverythingAsItWas() {
    boolean cache = torch.is_autocast_cache_enabled();
    try (var _ = Precision.BFLOAT16.on(Device.CPU)) {
      try (var _ = Precision.FLOAT32.on(Device.CPU)) {
        assertThat(torch.is_autocast_enabled(DeviceType.CPU)).isFalse();
      }
      assertThat(torch.is_autocast_enabled(DeviceType.CPU)).isTrue();
    }
    assertThat(torch.is_autocast_enabled(DeviceType.CPU)).isFalse();
    assertThat(torch.is_autocast_cache_enabled()).isEqualTo(cache);
  }

  /** Today's libtorch rounds the products of convolutions to TF32 unless it is told not to. */
  @Test
  void float32IsNotRoundedAndTheProcessGetsItsSettingsBack() {
    var process = torch.globalContext();
    boolean products = process.allowTF32CuBLAS();
    boolean convolutions = process.allowTF32CuDNN();
    try {
      for (boolean before : new boolean[] {true, false}) {
        process.setAllowTF32CuBLAS(before);
        process.setAllowTF32CuDNN(before);
        try (var _ = Precision.FLOAT32.on(Device.CPU)) {
          assertThat(process.allowTF32CuBLAS()).isFalse();
          assertThat(process.allowTF32CuDNN()).isFalse();
        }
        assertThat(process.allowTF32CuBLAS()).isEqualTo(before);
        assertThat(process.allowTF32CuDNN()).isEqualTo(before);
      }
    } finally {
      process.setAllowTF32CuBLAS(products);
      process.setAllowTF32CuDNN(convolutions);
    }
  }

  @Test
  void aBackwardPassIsRoundedAsItsForwardPassWas() {
    var process = torch.globalContext();
    boolean before = process.allowTF32CuDNN();
    for (Precision precision : Precision.values()) {
      try (Scope _ = Scope.open()) {
        Tensor x = torch.ones(2).set_requires_grad(true);
        Tensor y =
            CustomGradient.apply(
                x,
                x.detach(),
                List.of(),
                upstream -> {
                  assertThat(process.allowTF32CuBLAS()).isEqualTo(precision == Precision.TF32);
                  assertThat(process.allowTF32CuDNN()).isEqualTo(precision == Precision.TF32);
                  return new CustomGradient.Gradients(upstream, List.of());
                });
        precision.backward(y.sum());
      }
    }
    assertThat(process.allowTF32CuDNN()).isEqualTo(before);
  }

  @Test
  void mistakesAreNamed() {
    assertThatThrownBy(() -> Precision.TF32.on(Device.CPU))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("tf32 on cpu");
    assertThatThrownBy(() -> Precision.parse("fp16"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("'fp16' is not known: float32, tf32, bfloat16 or float16");
  }
}
