package org.kat4j.train;

import java.util.List;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.model.Model;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Whether a model is worth keeping: dead weights must not take the place of good ones. */
final class Soundness {
  private static final double RANGE = 2; // of normalised pixels

  private Soundness() {}

  /** Whether all of its numbers are finite, and its answer to two images of a ramp is too. */
  static boolean of(Model model) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      SequencedMap<String, Tensor> weights = StateDict.of(model);
      if (StateDict.notFinite(weights).isPresent()) {
        return false;
      }
      Device device = Device.of(weights.lastEntry().getValue());
      Model.Spec spec = model.spec();
      List<float[]> ramp = List.of(ramp(spec, -RANGE, 0), ramp(spec, 0, RANGE));
      Tensor images = Memory.batch(ramp, spec.channels(), spec.imageSize(), spec.imageSize());
      return Memory.isFinite(model.forward(Memory.to(images, device), Pass.evaluation()));
    }
  }

  /** Pixels of one image that rise from one value to the other. */
  private static float[] ramp(Model.Spec spec, double from, double to) {
    float[] pixels = new float[spec.channels() * spec.imageSize() * spec.imageSize()];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) (from + (to - from) * i / pixels.length);
    }
    return pixels;
  }
}
