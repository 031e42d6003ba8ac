package org.kat4j.data;

import java.util.List;
import java.util.Objects;

/**
 * Images held in memory as one array of pixels {@code [n, channels, height, width]} and one of
 * labels; the arrays are owned by the set and never changed.
 */
public final class MemoryImages implements ImageSet {
  private final List<String> classNames;
  private final int channels;
  private final int height;
  private final int width;
  private final byte[] pixels;
  private final byte[] labels;
  private final Normalization normalization;

  /**
   * @param pixels {@code [n, channels, height, width]}
   * @param labels {@code [n]}, positions in the class names
   */
  public MemoryImages(
      List<String> classNames,
      int channels,
      int height,
      int width,
      byte[] pixels,
      byte[] labels,
      Normalization normalization) {
    if (pixels.length != (long) labels.length * channels * height * width) {
      throw new IllegalArgumentException(
          pixels.length + " pixels do not make " + labels.length + " images");
    }
    this.classNames = List.copyOf(classNames);
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.pixels = pixels;
    this.labels = labels;
    this.normalization = normalization;
  }

  @Override
  public int size() {
    return labels.length;
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public int channels() {
    return channels;
  }

  @Override
  public int height() {
    return height;
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public int label(int index) {
    return Byte.toUnsignedInt(labels[index]);
  }

  @Override
  public void read(int index, byte[] target, int offset) {
    int length = channels * height * width;
    Objects.checkIndex(index, labels.length);
    System.arraycopy(pixels, index * length, target, offset, length);
  }

  @Override
  public Normalization normalization() {
    return normalization;
  }
}
