package org.kat4j.data;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;

/**
 * Images and what a model should say to them.
 *
 * <p>The memory of a batch that a {@link Loader} made is used again after {@link #close}: copy what
 * must live longer.
 */
public final class ImageBatch implements Batch {
  private final Tensor pixels;
  private final Tensor labels;
  private final @Nullable Mixed mixed;
  private final @Nullable Runnable giveBack; // where the tensors lie in memory of a loader
  private boolean closed;

  /**
   * @param partners {@code [batch]}, int64: labels of the images that were mixed in
   * @param shares {@code [batch]}, float32: of each image's own label, from 0 to 1
   */
  public record Mixed(Tensor partners, Tensor shares) {}

  private ImageBatch(
      Tensor pixels, Tensor labels, @Nullable Mixed mixed, @Nullable Runnable giveBack) {
    this.pixels = pixels;
    this.labels = labels;
    this.mixed = mixed;
    this.giveBack = giveBack;
  }

  /**
   * Images that are not mixed, in tensors of the caller's.
   *
   * @param pixels {@code [batch, channels, height, width]}, float32, normalised
   * @param labels {@code [batch]}, int64
   */
  public static ImageBatch of(Tensor pixels, Tensor labels) {
    return new ImageBatch(pixels, labels, null, null);
  }

  /** What a loader wrote into its memory. */
  static ImageBatch loaded(
      BatchMemory memory, BatchMemory.Block block, int count, ImageSet set, boolean mixed) {
    return new ImageBatch(
        Memory.floats(block.pixels(), count, set.channels(), set.height(), set.width()),
        Memory.longs(block.labels(), count),
        mixed
            ? new Mixed(
                Memory.longs(block.partnerLabels(), count), Memory.floats(block.shares(), count))
            : null,
        () -> memory.giveBack(block));
  }

  @Override
  public int samples() {
    return (int) labels().size(0);
  }

  /** Normalised pixels, float32 {@code [batch, channels, height, width]}. */
  public Tensor pixels() {
    checkOpen();
    return pixels;
  }

  /** Class of each image, int64 {@code [batch]}. */
  public Tensor labels() {
    checkOpen();
    return labels;
  }

  /** What was mixed in; null where images are not mixed with others. */
  public @Nullable Mixed mixed() {
    checkOpen();
    return mixed;
  }

  /** The targets as probabilities: {@code [batch, classes]}. */
  public Tensor soft(long classes, double smoothing) {
    return mixed == null
        ? Losses.smoothTargets(labels(), classes, smoothing)
        : Losses.softTargets(labels(), mixed.partners, mixed.shares, classes, smoothing);
  }

  @Override
  public List<Tensor> tensors() {
    List<Tensor> all = new ArrayList<>(List.of(pixels(), labels()));
    if (mixed != null) {
      all.add(mixed.partners);
      all.add(mixed.shares);
    }
    return all;
  }

  @Override
  public ImageBatch over(List<Tensor> others) {
    return new ImageBatch(
        others.get(0),
        others.get(1),
        mixed == null ? null : new Mixed(others.get(2), others.get(3)),
        null);
  }

  @Override
  public void close() {
    if (!closed && giveBack != null) {
      Scope.free(tensors());
      giveBack.run();
    }
    closed = true;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the batch is closed and its memory may hold another one");
    }
  }
}
