package org.kat4j.model;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;
import org.kat4j.torch.Scope;
import org.kat4j.torch.TensorFile;

/** Copies tensors of a file, and refuses those that no answer could be computed from. */
final class SoundCopy {
  private SoundCopy() {}

  /** Into one of the same shape. */
  static void into(Tensor target, TensorFile source, String name) {
    source.copyInto(name, target);
    checkFinite(target, source, name);
  }

  /** All numbers of a tensor are numbers. */
  static void checkFinite(Tensor tensor, TensorFile source, String name) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      if (!tensor.isfinite().all().item_bool()) {
        boolean nan = tensor.isnan().any().item_bool();
        throw new UserException(
            "%s: its weights hold %s (%s), so that the model's output would be no number"
                .formatted(source.file(), nan ? "NaN" : "an infinity", name));
      }
    }
  }
}
