package org.kat4j.augment;

import org.kat4j.image.Affine;
import org.kat4j.image.Enhancement;
import org.kat4j.image.Picture;
import org.kat4j.image.PointOperations;
import org.kat4j.image.Resampling;

/**
 * The operations of RandAugment in timm's variants, and what a magnitude (0 to 10) means to each.
 * "Increasing" ones do more at a larger magnitude. Source: timm's {@code auto_augment.py}.
 */
public enum Operation {
  AUTO_CONTRAST("AutoContrast"),
  EQUALIZE("Equalize"),
  INVERT("Invert"),
  ROTATE("Rotate"),
  POSTERIZE("Posterize"),
  POSTERIZE_INCREASING("PosterizeIncreasing"),
  SOLARIZE("Solarize"),
  SOLARIZE_INCREASING("SolarizeIncreasing"),
  SOLARIZE_ADD("SolarizeAdd"),
  COLOR("Color"),
  COLOR_INCREASING("ColorIncreasing"),
  CONTRAST("Contrast"),
  CONTRAST_INCREASING("ContrastIncreasing"),
  BRIGHTNESS("Brightness"),
  BRIGHTNESS_INCREASING("BrightnessIncreasing"),
  SHARPNESS("Sharpness"),
  SHARPNESS_INCREASING("SharpnessIncreasing"),
  SHEAR_X("ShearX"),
  SHEAR_Y("ShearY"),
  TRANSLATE_X_REL("TranslateXRel"),
  TRANSLATE_Y_REL("TranslateYRel");

  private static final double LARGEST = 10;

  private final String timmName;

  Operation(String timmName) {
    this.timmName = timmName;
  }

  /** Its name in timm. */
  public String timmName() {
    return timmName;
  }

  /** Whether its argument may be negative, which is then drawn with probability 1/2. */
  public boolean isSigned() {
    return switch (this) {
      case ROTATE,
          COLOR_INCREASING,
          CONTRAST_INCREASING,
          BRIGHTNESS_INCREASING,
          SHARPNESS_INCREASING,
          SHEAR_X,
          SHEAR_Y,
          TRANSLATE_X_REL,
          TRANSLATE_Y_REL ->
          true;
      default -> false;
    };
  }

  /**
   * What {@link #apply} takes: degrees, bits, a threshold, a sum, a factor or a share of the side;
   * 0 where nothing is taken.
   *
   * @param sign 1, or -1 where {@link #isSigned}
   */
  public double argument(double magnitude, int sign) {
    double level = magnitude / LARGEST;
    return switch (this) {
      case AUTO_CONTRAST, EQUALIZE, INVERT -> 0;
      case ROTATE -> sign * 30 * level;
      case POSTERIZE -> (int) (4 * level);
      case POSTERIZE_INCREASING -> 4 - (int) (4 * level);
      case SOLARIZE -> Math.min(256, (int) (256 * level));
      case SOLARIZE_INCREASING -> 256 - Math.min(256, (int) (256 * level));
      case SOLARIZE_ADD -> Math.min(128, (int) (110 * level));
      case COLOR, CONTRAST, BRIGHTNESS, SHARPNESS -> 1.8 * level + 0.1;
      case COLOR_INCREASING, CONTRAST_INCREASING, BRIGHTNESS_INCREASING, SHARPNESS_INCREASING ->
          Math.max(0.1, 1 + sign * 0.9 * level);
      case SHEAR_X, SHEAR_Y -> sign * 0.3 * level;
      case TRANSLATE_X_REL, TRANSLATE_Y_REL -> sign * 0.45 * level;
    };
  }

  /**
   * The changed picture.
   *
   * @param resampling BILINEAR or BICUBIC, for what moves pixels
   * @param fill one byte for each channel, for what moves pixels
   */
  public Picture apply(Picture picture, double argument, Resampling resampling, byte[] fill) {
    return switch (this) {
      case AUTO_CONTRAST -> PointOperations.autoContrast(picture);
      case EQUALIZE -> PointOperations.equalize(picture);
      case INVERT -> PointOperations.invert(picture);
      case POSTERIZE, POSTERIZE_INCREASING ->
          argument >= 8 ? picture : PointOperations.posterize(picture, (int) argument);
      case SOLARIZE, SOLARIZE_INCREASING -> PointOperations.solarize(picture, (int) argument);
      case SOLARIZE_ADD -> PointOperations.solarizeAdd(picture, (int) argument);
      case COLOR, COLOR_INCREASING -> Enhancement.color(picture, argument);
      case CONTRAST, CONTRAST_INCREASING -> Enhancement.contrast(picture, argument);
      case BRIGHTNESS, BRIGHTNESS_INCREASING -> Enhancement.brightness(picture, argument);
      case SHARPNESS, SHARPNESS_INCREASING -> Enhancement.sharpness(picture, argument);
      case ROTATE ->
          argument == 0
              ? picture
              : Affine.rotation(argument, picture.height(), picture.width())
                  .apply(picture, resampling, fill);
      case SHEAR_X -> Affine.shearX(argument).apply(picture, resampling, fill);
      case SHEAR_Y -> Affine.shearY(argument).apply(picture, resampling, fill);
      case TRANSLATE_X_REL ->
          Affine.shift(argument * picture.width(), 0).apply(picture, resampling, fill);
      case TRANSLATE_Y_REL ->
          Affine.shift(0, argument * picture.height()).apply(picture, resampling, fill);
    };
  }
}
