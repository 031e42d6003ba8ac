package org.kat4j.image;

import org.kat4j.config.Check;

/**
 * How a picture becomes the input of a model at evaluation: scaled with its proportions kept until
 * it just covers {@code floor(size / cropPct)}, then cut in the middle. For a square input: shorter
 * side to {@code floor(size / cropPct)}, centre crop. Source: timm's {@code create_transform}.
 *
 * @param cropPct share of the scaled side that the crop keeps, above 0 and at most 1
 * @param interpolation filter of the scaling
 * @param upright whether JPEGs are turned first as their EXIF orientation says; timm does not
 */
public record EvaluationTransform(double cropPct, Resampling interpolation, boolean upright) {
  /** Nothing but the shape is cut away. */
  public static final EvaluationTransform WHOLE = new EvaluationTransform(1, Resampling.BICUBIC);

  public EvaluationTransform {
    Check.positive("cropPct", cropPct);
    if (cropPct > 1) {
      throw new IllegalArgumentException("cropPct = " + cropPct + ": at most 1");
    }
  }

  /** Of pictures as they are stored. */
  public EvaluationTransform(double cropPct, Resampling interpolation) {
    this(cropPct, interpolation, false);
  }

  /** The picture at the wanted size; the same picture where it has that size and all is kept. */
  public Picture apply(Picture picture, int height, int width) {
    long coveredHeight = (long) Math.floor(height / cropPct);
    long coveredWidth = (long) Math.floor(width / cropPct);
    // Compares coveredHeight / height with coveredWidth / width; the other side is rounded down.
    boolean heightDecides = coveredHeight * picture.width() >= coveredWidth * picture.height();
    long scaledHeight =
        heightDecides ? coveredHeight : picture.height() * coveredWidth / picture.width();
    long scaledWidth =
        heightDecides ? picture.width() * coveredHeight / picture.height() : coveredWidth;
    if (scaledHeight == picture.height()
        && scaledWidth == picture.width()
        && height == scaledHeight
        && width == scaledWidth) {
      return picture;
    }
    long top = (long) Math.rint((scaledHeight - height) / 2.0);
    long left = (long) Math.rint((scaledWidth - width) / 2.0);
    return Resize.window(
        picture, scaledHeight, scaledWidth, new Box(top, left, height, width), interpolation);
  }
}
