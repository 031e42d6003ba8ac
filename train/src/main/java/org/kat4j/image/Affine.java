package org.kat4j.image;

/**
 * An affine map of the plane, from places of the result to places of the source: x' = xx x + xy y +
 * x0, y' = yx x + yy y + y0.
 *
 * <p>Places are in pixels; the centre of the first pixel is at 0.5.
 */
public record Affine(double xx, double xy, double x0, double yx, double yy, double y0) {

  /** Moves rows against each other: x' = x + factor y. */
  public static Affine shearX(double factor) {
    return new Affine(1, factor, 0, 0, 1, 0);
  }

  /** Moves columns against each other: y' = y + factor x. */
  public static Affine shearY(double factor) {
    return new Affine(1, 0, 0, factor, 1, 0);
  }

  /** Takes pixels from {@code right} to the right and {@code down} below. */
  public static Affine shift(double right, double down) {
    return new Affine(1, 0, right, 0, 1, down);
  }

  /** Turns a picture of this size about its middle, counter-clockwise, as Pillow's rotate. */
  public static Affine rotation(double degrees, int height, int width) {
    // Python's remainder has the sign of the divisor: -27 becomes 333.
    double angle = -Math.toRadians(degrees - 360 * Math.floor(degrees / 360));
    double cos = rounded(Math.cos(angle));
    double sin = rounded(Math.sin(angle));
    double middleX = width / 2.0;
    double middleY = height / 2.0;
    return new Affine(
        cos,
        sin,
        cos * -middleX + sin * -middleY + middleX,
        -sin,
        cos,
        -sin * -middleX + cos * -middleY + middleY);
  }

  /** To 15 decimals, so that quarter turns are exact. */
  private static double rounded(double value) {
    return Math.rint(value * 1e15) / 1e15;
  }

  /**
   * The mapped picture, of the same size, rounded down to bytes as Pillow does it.
   *
   * @param resampling BILINEAR or BICUBIC (here with a = -1 and without antialiasing)
   * @param fill one byte for each channel: the colour of what lies outside of the source
   */
  public Picture apply(Picture picture, Resampling resampling, byte[] fill) {
    if (resampling != Resampling.BILINEAR && resampling != Resampling.BICUBIC) {
      throw new IllegalArgumentException("affine maps are bilinear or bicubic, not " + resampling);
    }
    byte[] result = new byte[picture.pixels().length];
    for (int row = 0; row < picture.height(); row++) {
      for (int column = 0; column < picture.width(); column++) {
        double x = xx * (column + 0.5) + xy * (row + 0.5) + x0;
        double y = yx * (column + 0.5) + yy * (row + 0.5) + y0;
        boolean inside = x >= 0 && x < picture.width() && y >= 0 && y < picture.height();
        for (int channel = 0; channel < picture.channels(); channel++) {
          int i = channel * picture.area() + row * picture.width() + column;
          if (!inside) {
            result[i] = fill[channel];
          } else if (resampling == Resampling.BILINEAR) {
            result[i] = (byte) (int) bilinear(picture, channel, x - 0.5, y - 0.5);
          } else {
            result[i] =
                (byte) (int) Math.clamp(bicubic(picture, channel, x - 0.5, y - 0.5), 0, 255);
          }
        }
      }
    }
    return picture.with(result);
  }

  private static double bilinear(Picture picture, int channel, double x, double y) {
    int column = (int) Math.floor(x);
    int row = (int) Math.floor(y);
    double upper = linear(picture, channel, row, column, x - column);
    double lower = linear(picture, channel, row + 1, column, x - column);
    return upper + (lower - upper) * (y - row);
  }

  private static double linear(Picture picture, int channel, int row, int column, double d) {
    int left = at(picture, channel, row, column);
    return left + (at(picture, channel, row, column + 1) - left) * d;
  }

  private static double bicubic(Picture picture, int channel, double x, double y) {
    int column = (int) Math.floor(x);
    int row = (int) Math.floor(y);
    return cubic(
        cubicRow(picture, channel, row - 1, column, x - column),
        cubicRow(picture, channel, row, column, x - column),
        cubicRow(picture, channel, row + 1, column, x - column),
        cubicRow(picture, channel, row + 2, column, x - column),
        y - row);
  }

  private static double cubicRow(Picture picture, int channel, int row, int column, double d) {
    return cubic(
        at(picture, channel, row, column - 1),
        at(picture, channel, row, column),
        at(picture, channel, row, column + 1),
        at(picture, channel, row, column + 2),
        d);
  }

  /** Between the second and the third value. */
  private static double cubic(double v1, double v2, double v3, double v4, double d) {
    double p2 = -v1 + v3;
    double p3 = 2 * (v1 - v2) + v3 - v4;
    double p4 = -v1 + v2 - v3 + v4;
    return v2 + d * (p2 + d * (p3 + d * p4));
  }

  /** A pixel; those outside are like the nearest one inside. */
  private static int at(Picture picture, int channel, int row, int column) {
    int y = Math.clamp(row, 0, picture.height() - 1);
    int x = Math.clamp(column, 0, picture.width() - 1);
    return picture.pixels()[channel * picture.area() + y * picture.width() + x] & 0xff;
  }
}
