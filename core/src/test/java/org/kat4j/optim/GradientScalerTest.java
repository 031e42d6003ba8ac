package org.kat4j.optim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;

class GradientScalerTest {
  private final GradientScaler scaler = new GradientScaler(Precision.FLOAT16);

  @Test
  void theGradientIsThatOfTheLoss() {
    try (Scope _ = Scope.open()) {
      Tensor weight = Tensor.create(3f, -2f).set_requires_grad(true);
      scaler.scaled(weight.square().sum()).backward();
      assertThat(weight.grad().select(0, 0).item_float()).isEqualTo(6 * 65536f);

      assertThat(scaler.unscale(List.of(weight))).isTrue();

      assertThat(weight.grad().select(0, 0).item_float()).isEqualTo(6);
      assertThat(weight.grad().select(0, 1).item_float()).isEqualTo(-4);
      assertThat(scaler.scale()).isEqualTo(65536);
    }
  }

  @Test
  void nothingIsScaledInBfloat16() {
    try (Scope _ = Scope.open()) {
      var none = new GradientScaler(Precision.BFLOAT16);
      Tensor weight = torch.ones(1).set_requires_grad(true);
      none.scaled(weight.sum().mul(new Scalar(Double.POSITIVE_INFINITY))).backward();

      assertThat(none.unscale(List.of(weight))).isTrue();

      assertThat(none.scale()).isEqualTo(1);
      assertThat(weight.grad().item_float()).isInfinite();
    }
  }

  @Test
  void anInfiniteGradientLeavesTheUpdateOutAndHalvesTheScale() {
    try (Scope _ = Scope.open()) {
      Tensor good = torch.ones(1).set_requires_grad(true);
      Tensor bad = torch.ones(1).set_requires_grad(true);
      good.sum().add(bad.sum().mul(new Scalar(Double.POSITIVE_INFINITY))).backward();

      assertThat(scaler.unscale(List.of(good, bad))).isFalse();

      assertThat(scaler.scale()).isEqualTo(32768);
    }
  }

  @Test
  void theScaleDoublesAfterTwoThousandGoodUpdatesInARow() {
    try (Scope _ = Scope.open()) {
      Tensor weight = torch.ones(1).set_requires_grad(true);
      weight.sum().backward();
      for (int update = 1; update < 2000; update++) {
        scaler.unscale(List.of(weight));
      }
      assertThat(scaler.scale()).isEqualTo(65536);
      var resumed = new GradientScaler(Precision.FLOAT16);
      resumed.restore(scaler.state());

      resumed.unscale(List.of(weight));

      assertThat(resumed.scale()).isEqualTo(131072);
    }
  }
}
