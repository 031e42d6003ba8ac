package org.kat4j.augment;

import java.util.random.RandomGenerator;
import org.kat4j.config.Check;
import org.kat4j.image.Box;
import org.kat4j.image.Picture;
import org.kat4j.image.Resize;

/**
 * A part of random area and shape at a random place, scaled to the model's input. Source: timm's
 * {@code RandomResizedCropAndInterpolation}.
 *
 * @param enabled whether it is done; otherwise training images are cut as at evaluation
 * @param minScale smallest share of the picture's area
 * @param maxScale largest share, up to 1
 * @param minRatio smallest width / height
 * @param maxRatio largest width / height
 * @param interpolation filter of the scaling
 */
public record ResizedCrop(
    boolean enabled,
    double minScale,
    double maxScale,
    double minRatio,
    double maxRatio,
    Interpolation interpolation) {
  private static final int TRIES = 10;

  /** Not done; with timm's values otherwise. */
  public static final ResizedCrop NONE =
      new ResizedCrop(false, 0.08, 1, 3.0 / 4, 4.0 / 3, Interpolation.RANDOM);

  public ResizedCrop {
    Check.positive("minScale", minScale);
    Check.positive("minRatio", minRatio);
    if (!(maxScale >= minScale && maxScale <= 1)) {
      throw new IllegalArgumentException("maxScale = " + maxScale + ": from minScale to 1");
    }
    if (!(maxRatio >= minRatio) || Double.isInfinite(maxRatio)) {
      throw new IllegalArgumentException("maxRatio = " + maxRatio + ": from minRatio on");
    }
  }

  Picture apply(Picture picture, int height, int width, RandomGenerator random) {
    Box part = draw(picture.height(), picture.width(), random);
    return Resize.part(picture, part, height, width, interpolation.draw(random));
  }

  /** Draws the part; after ten that do not fit: the middle, its shape brought into the range. */
  Box draw(int height, int width, RandomGenerator random) {
    for (int i = 0; i < TRIES; i++) {
      double area = Draw.uniform(random, minScale, maxScale) * height * width;
      double ratio = Draw.logUniform(random, minRatio, maxRatio);
      int w = (int) StrictMath.rint(StrictMath.sqrt(area * ratio));
      int h = (int) StrictMath.rint(StrictMath.sqrt(area / ratio));
      if (w > 0 && h > 0 && w <= width && h <= height) {
        int top = random.nextInt(height - h + 1);
        return new Box(top, random.nextInt(width - w + 1), h, w);
      }
    }
    double ratio = (double) width / height;
    int h = ratio < minRatio ? atLeastOne(width / minRatio) : height;
    int w = ratio > maxRatio ? atLeastOne(height * maxRatio) : width;
    return new Box((height - h) / 2, (width - w) / 2, h, w);
  }

  private static int atLeastOne(double side) {
    return Math.max(1, (int) StrictMath.rint(side));
  }
}
