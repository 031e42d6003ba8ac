package org.kat4j.task;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.Batch;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;

/**
 * What a model should say to the images of a batch, on its device.
 *
 * @param labels {@code [batch]}, int64
 * @param mixed where images are mixed with others, otherwise null
 */
public record Targets(Tensor labels, @Nullable Mixed mixed) {
  /**
   * @param partners {@code [batch]}, int64: labels of the images that were mixed in
   * @param shares {@code [batch]}, float32: of each image's own label
   */
  public record Mixed(Tensor partners, Tensor shares) {}

  /** Those of a batch. */
  public static Targets of(Batch batch, Device device) {
    return new Targets(
        Memory.to(Memory.longs(batch.labels(), batch.count()), device),
        batch.isMixed()
            ? new Mixed(
                Memory.to(Memory.longs(batch.partnerLabels(), batch.count()), device),
                Memory.to(Memory.floats(batch.shares(), batch.count()), device))
            : null);
  }

  /** Those of another batch of the same size, in the same memory; the host does not wait. */
  public void fill(Batch batch) {
    Memory.fill(labels, Memory.longs(batch.labels(), batch.count()));
    if (mixed != null) {
      Memory.fill(mixed.partners, Memory.longs(batch.partnerLabels(), batch.count()));
      Memory.fill(mixed.shares, Memory.floats(batch.shares(), batch.count()));
    }
  }

  /** All that there are. */
  public List<Tensor> tensors() {
    return mixed == null ? List.of(labels) : List.of(labels, mixed.partners, mixed.shares);
  }

  /** As probabilities: {@code [batch, classes]}. */
  Tensor soft(long classes, double smoothing) {
    return mixed == null
        ? Losses.smoothTargets(labels, classes, smoothing)
        : Losses.softTargets(labels, mixed.partners, mixed.shares, classes, smoothing);
  }
}
