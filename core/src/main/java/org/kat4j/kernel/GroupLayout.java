package org.kat4j.kernel;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * How channels fall into groups: a contiguous tensor seen as {@code [outer, groups, run]}.
 *
 * @param outer number of times the sequence of groups repeats in memory
 * @param groups number of groups
 * @param run neighbouring elements of one group
 */
public record GroupLayout(long outer, int groups, long run) {
  public GroupLayout {
    if (outer < 0 || groups < 1 || run < 0) {
      throw new IllegalArgumentException(
          "layout [" + outer + ", " + groups + ", " + run + "]: outer >= 0, groups >= 1, run >= 0");
    }
  }

  /** Layout of {@code x [..., channels]}, contiguous. */
  public static GroupLayout channelsLast(Tensor x, int groups) {
    long[] shape = x.shape();
    if (shape.length < 1) {
      throw new IllegalArgumentException("a scalar has no channels: [..., channels] is needed");
    }
    long channels = shape[shape.length - 1];
    long run = channelsPerGroup(shape, channels, groups);
    long outer = Arrays.stream(shape, 0, shape.length - 1).reduce(1, Math::multiplyExact);
    return new GroupLayout(outer, groups, run);
  }

  /** Layout of {@code x [batch, channels, height, width]}, contiguous. */
  public static GroupLayout channelsFirst(Tensor x, int groups) {
    long[] shape = x.shape();
    if (shape.length != 4) {
      throw new IllegalArgumentException(
          "shape " + Arrays.toString(shape) + ": [batch, channels, height, width] is needed");
    }
    long run = channelsPerGroup(shape, shape[1], groups) * shape[2] * shape[3];
    return new GroupLayout(shape[0], groups, run);
  }

  private static long channelsPerGroup(long[] shape, long channels, int groups) {
    if (groups < 1 || channels % groups != 0) {
      throw new IllegalArgumentException(
          "%d channels of shape %s do not split into %d equal groups"
              .formatted(channels, Arrays.toString(shape), groups));
    }
    return channels / groups;
  }

  /** Number of elements of the tensor. */
  long elements() {
    return Math.multiplyExact(Math.multiplyExact(outer, groups), run);
  }

  /** Refuses tensors that the fused kernels would read or write outside of. */
  void check(Tensor x) {
    if (!x.is_contiguous() || x.numel() != elements()) {
      throw new IllegalArgumentException(
          "x of shape %s, %s: contiguous memory of %d elements is needed for %s"
              .formatted(
                  Arrays.toString(x.shape()),
                  x.is_contiguous() ? "contiguous" : "not contiguous",
                  elements(),
                  this));
    }
  }

  /** Refuses an upstream gradient that is not shaped like the input. */
  static void checkUpstream(Tensor upstream, Tensor x) {
    if (!Arrays.equals(upstream.shape(), x.shape())) {
      throw new IllegalArgumentException(
          "upstream gradient of shape %s for x of shape %s"
              .formatted(Arrays.toString(upstream.shape()), Arrays.toString(x.shape())));
    }
  }
}
