package org.kat4j.train;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.model.Model;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Whether a model is worth keeping: dead weights must not take the place of good ones. */
final class Soundness {
  private static final int IMAGES = 2;
  private static final double RANGE = 2; // of normalised pixels

  private Soundness() {}

  /** Whether all of its numbers are finite, and its answer to two images of a ramp is too. */
  static boolean of(Model model) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Device device = Device.CPU;
      for (Tensor tensor : StateDict.of(model).values()) {
        if (!isFinite(tensor)) {
          return false;
        }
        device = Device.of(tensor);
      }
      Model.Spec spec = model.spec();
      long pixels = (long) IMAGES * spec.channels() * spec.imageSize() * spec.imageSize();
      Tensor ramp =
          torch
              .linspace(new Scalar(-RANGE), new Scalar(RANGE), pixels)
              .view(IMAGES, spec.channels(), spec.imageSize(), spec.imageSize());
      return isFinite(model.forward(Memory.to(ramp, device), Pass.evaluation()));
    }
  }

  private static boolean isFinite(Tensor tensor) {
    return torch.isfinite(tensor).all().item_bool();
  }
}
