package org.kat4j.image;

import java.util.function.IntUnaryOperator;

/**
 * Operations that look up each byte in a table, as Pillow's {@code ImageOps} has them. Values are 0
 * to 255; results are cut to that range.
 */
public final class PointOperations {
  private static final int LEVELS = 256;

  private PointOperations() {}

  /** 255 - v. */
  public static Picture invert(Picture picture) {
    return map(picture, v -> 255 - v);
  }

  /** Keeps the upper {@code bits} bits: 8 leaves the picture as it is, 0 makes it black. */
  public static Picture posterize(Picture picture, int bits) {
    return map(picture, v -> v & -(1 << (8 - bits)));
  }

  /** Inverts what is not below {@code threshold}, 0 to 256. */
  public static Picture solarize(Picture picture, int threshold) {
    return map(picture, v -> v < threshold ? v : 255 - v);
  }

  /** Adds {@code sum} to what is below 128. */
  public static Picture solarizeAdd(Picture picture, int sum) {
    return map(picture, v -> v < 128 ? v + sum : v);
  }

  /** Stretches each channel to 0 .. 255: v s - lo s with s = 255 / (hi - lo), rounded down. */
  public static Picture autoContrast(Picture picture) {
    byte[] result = new byte[picture.pixels().length];
    for (int channel = 0; channel < picture.channels(); channel++) {
      int[] histogram = histogram(picture, channel);
      int low = 0;
      while (low < 255 && histogram[low] == 0) {
        low++;
      }
      int high = 255;
      while (high > 0 && histogram[high] == 0) {
        high--;
      }
      double scale = 255.0 / (high - low);
      double offset = -low * scale;
      look(picture, channel, high <= low ? v -> v : v -> (int) (v * scale + offset), result);
    }
    return picture.with(result);
  }

  /** Gives each channel a flat histogram. */
  public static Picture equalize(Picture picture) {
    byte[] result = new byte[picture.pixels().length];
    for (int channel = 0; channel < picture.channels(); channel++) {
      int[] histogram = histogram(picture, channel);
      int last = 255;
      while (histogram[last] == 0) {
        last--;
      }
      int step = (picture.area() - histogram[last]) / 255; // 0 also where there is one value only
      int[] table = new int[LEVELS];
      int sum = step / 2;
      for (int v = 0; v < LEVELS; v++) {
        table[v] = step == 0 ? v : sum / step;
        sum += histogram[v];
      }
      look(picture, channel, v -> table[v], result);
    }
    return picture.with(result);
  }

  private static Picture map(Picture picture, IntUnaryOperator operation) {
    byte[] result = new byte[picture.pixels().length];
    for (int channel = 0; channel < picture.channels(); channel++) {
      look(picture, channel, operation, result);
    }
    return picture.with(result);
  }

  private static void look(
      Picture picture, int channel, IntUnaryOperator operation, byte[] result) {
    byte[] table = new byte[LEVELS];
    for (int v = 0; v < LEVELS; v++) {
      table[v] = (byte) Math.clamp(operation.applyAsInt(v), 0, 255);
    }
    byte[] pixels = picture.pixels();
    for (int i = channel * picture.area(), end = i + picture.area(); i < end; i++) {
      result[i] = table[pixels[i] & 0xff];
    }
  }

  private static int[] histogram(Picture picture, int channel) {
    int[] counts = new int[LEVELS];
    byte[] pixels = picture.pixels();
    for (int i = channel * picture.area(), end = i + picture.area(); i < end; i++) {
      counts[pixels[i] & 0xff]++;
    }
    return counts;
  }
}
