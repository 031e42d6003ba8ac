package org.kat4j.data;

import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Per-channel mean and standard deviation of {@code pixel / 255}: a model sees {@code (pixel / 255
 * - mean) / std}.
 *
 * @param mean one value per channel
 * @param std one positive value per channel
 */
@SuppressWarnings("ArrayRecordComponent") // copied on the way in and out, compared by content
public record Normalization(float[] mean, float[] std) {

  public Normalization {
    if (mean.length == 0 || mean.length != std.length) {
      throw new IllegalArgumentException(
          "mean and std need one value per channel each, got "
              + mean.length
              + " and "
              + std.length);
    }
    for (float value : std) {
      if (!(value > 0)) {
        throw new IllegalArgumentException("std must be positive, got " + Arrays.toString(std));
      }
    }
    mean = mean.clone();
    std = std.clone();
  }

  /**
   * Reads {@link #text}.
   *
   * @throws IllegalArgumentException for anything else
   */
  public static Normalization parse(String text) {
    String[] parts = text.split("/", -1);
    if (parts.length != 2) {
      throw new IllegalArgumentException(
          "'" + text + "': means, a slash and deviations are expected, such as 0.5,0.5,0.5/1,1,1");
    }
    return new Normalization(numbers(parts[0]), numbers(parts[1]));
  }

  private static float[] numbers(String list) {
    String[] texts = list.split(",", -1);
    float[] values = new float[texts.length];
    for (int i = 0; i < values.length; i++) {
      try {
        values[i] = Float.parseFloat(texts[i]);
      } catch (NumberFormatException none) {
        throw new IllegalArgumentException("'" + list + "' is no list of numbers", none);
      }
    }
    return values;
  }

  /** Means, a slash and deviations: {@code 0.5,0.5,0.5/0.25,0.25,0.25}. */
  public String text() {
    return list(mean) + "/" + list(std);
  }

  private static String list(float[] values) {
    return IntStream.range(0, values.length)
        .mapToObj(i -> Float.toString(values[i]))
        .collect(Collectors.joining(","));
  }

  @Override
  public float[] mean() {
    return mean.clone();
  }

  @Override
  public float[] std() {
    return std.clone();
  }

  /** What a model sees of an image {@code [channels, height, width]}. */
  public float[] normalized(byte[] image) {
    float[] pixels = new float[image.length];
    int area = image.length / mean.length;
    for (int i = 0; i < image.length; i++) {
      int channel = i / area;
      pixels[i] = (Byte.toUnsignedInt(image[i]) / 255f - mean[channel]) / std[channel];
    }
    return pixels;
  }

  /**
   * Statistics of images laid out as {@code [n, channels, area]}. The sums are integers, so the
   * result does not depend on the order of addition.
   */
  static Normalization of(byte[] pixels, int channels, int area) {
    long[] sum = new long[channels];
    long[] squares = new long[channels];
    for (int start = 0, plane = 0; start < pixels.length; start += area, plane++) {
      int channel = plane % channels;
      for (int i = start; i < start + area; i++) {
        int value = Byte.toUnsignedInt(pixels[i]);
        sum[channel] += value;
        squares[channel] += (long) value * value;
      }
    }
    double count = (double) pixels.length / channels;
    float[] mean = new float[channels];
    float[] std = new float[channels];
    for (int channel = 0; channel < channels; channel++) {
      double average = sum[channel] / count;
      double variance = squares[channel] / count - average * average;
      mean[channel] = (float) (average / 255);
      // A constant channel carries no scale of its own: leave it at 1.
      std[channel] = variance > 0 ? (float) (StrictMath.sqrt(variance) / 255) : 1;
    }
    return new Normalization(mean, std);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Normalization that
        && Arrays.equals(mean, that.mean)
        && Arrays.equals(std, that.std);
  }

  @Override
  public int hashCode() {
    return Objects.hash(Arrays.hashCode(mean), Arrays.hashCode(std));
  }

  @Override
  public String toString() {
    return "mean " + Arrays.toString(mean) + ", std " + Arrays.toString(std);
  }
}
