package org.kat4j.augment;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.kat4j.config.Check;

/**
 * Rectangles of normalised images overwritten at random. Source: arXiv 1708.04896, as timm has it.
 *
 * @param probability with which an image is changed, 0 for never
 * @param mode what is written
 * @param count rectangles of an image
 * @param minArea smallest share of the image's area, all rectangles together
 * @param maxArea largest share
 * @param minRatio smallest height / width; the largest is 1 / minRatio
 */
public record Erasing(
    double probability, Mode mode, int count, double minArea, double maxArea, double minRatio) {
  private static final int TRIES = 10;

  /** What a rectangle is filled with. */
  public enum Mode {
    /** Zeros: the mean of the data. */
    CONST,
    /** One normal number for each channel. */
    RAND,
    /** A normal number for each pixel and channel. */
    PIXEL
  }

  /** Never; with timm's values otherwise. */
  public static final Erasing NONE = new Erasing(0, Mode.PIXEL, 1, 0.02, 1.0 / 3, 0.3);

  public Erasing {
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException("probability = " + probability + ": from 0 to 1");
    }
    Check.between("count", count, 1, 1000);
    Check.positive("minArea", minArea);
    if (!(maxArea >= minArea && maxArea <= 1)) {
      throw new IllegalArgumentException("maxArea = " + maxArea + ": from minArea to 1");
    }
    if (!(minRatio > 0 && minRatio <= 1)) {
      throw new IllegalArgumentException("minRatio = " + minRatio + ": above 0, at most 1");
    }
  }

  /**
   * Changes one image in place.
   *
   * @param image {@code [channels, height, width]}, normalised
   */
  public void apply(float[] image, int channels, int height, int width, RandomGenerator random) {
    if (probability == 0 || random.nextDouble() >= probability) {
      return;
    }
    for (int i = 0; i < count; i++) {
      eraseOne(image, channels, height, width, random);
    }
  }

  private void eraseOne(
      float[] image, int channels, int height, int width, RandomGenerator random) {
    for (int i = 0; i < TRIES; i++) {
      double area = Draw.uniform(random, minArea, maxArea) * height * width / count;
      double ratio = Draw.logUniform(random, minRatio, 1 / minRatio);
      int h = (int) StrictMath.rint(StrictMath.sqrt(area * ratio));
      int w = (int) StrictMath.rint(StrictMath.sqrt(area / ratio));
      if (h < height && w < width) {
        int top = random.nextInt(height - h + 1);
        int left = random.nextInt(width - w + 1);
        for (int channel = 0; channel < channels; channel++) {
          float fill = mode == Mode.RAND ? (float) Draw.normal(random) : 0;
          for (int row = top; row < top + h; row++) {
            int start = (channel * height + row) * width + left;
            if (mode == Mode.PIXEL) {
              for (int p = start; p < start + w; p++) {
                image[p] = (float) Draw.normal(random);
              }
            } else {
              Arrays.fill(image, start, start + w, fill);
            }
          }
        }
        return;
      }
    }
  }
}
