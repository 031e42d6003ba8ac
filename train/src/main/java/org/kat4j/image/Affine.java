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
    Neighbours near = new Neighbours(picture, resampling == Resampling.BILINEAR ? 2 : 4);
    for (int row = 0; row < picture.height(); row++) {
      for (int column = 0; column < picture.width(); column++) {
        double x = xx * (column + 0.5) + xy * (row + 0.5) + x0;
        double y = yx * (column + 0.5) + yy * (row + 0.5) + y0;
        boolean inside = x >= 0 && x < picture.width() && y >= 0 && y < picture.height();
        if (inside) {
          near.moveTo(x - 0.5, y - 0.5);
        }
        for (int channel = 0; channel < picture.channels(); channel++) {
          result[channel * picture.area() + row * picture.width() + column] =
              inside ? near.value(channel) : fill[channel];
        }
      }
    }
    return picture.with(result);
  }

  /** The pixels around a place; those outside of the picture are like the nearest one inside. */
  private static final class Neighbours {
    private final Picture picture;
    private final int[] columns;
    private final int[] rows; // where they begin, within a channel
    private double dx; // from the pixel before the place to the place
    private double dy;
    private double lastY = Double.NaN;

    /** Two or four of them along each axis. */
    Neighbours(Picture picture, int count) {
      this.picture = picture;
      this.columns = new int[count];
      this.rows = new int[count];
    }

    void moveTo(double x, double y) {
      int column = (int) Math.floor(x);
      dx = x - column;
      int before = columns.length / 2 - 1;
      for (int k = 0; k < columns.length; k++) {
        columns[k] = Math.clamp(column - before + k, 0, picture.width() - 1);
      }
      if (y != lastY) { // most maps but rotations stay on a row
        lastY = y;
        int row = (int) Math.floor(y);
        dy = y - row;
        for (int k = 0; k < rows.length; k++) {
          rows[k] = Math.clamp(row - before + k, 0, picture.height() - 1) * picture.width();
        }
      }
    }

    byte value(int channel) {
      int plane = channel * picture.area();
      if (columns.length == 2) {
        double upper = linear(plane + rows[0]);
        return (byte) (int) (upper + (linear(plane + rows[1]) - upper) * dy);
      }
      // Shears and shifts along one axis leave the other alone: on a row there is no need for more.
      double value =
          dy == 0
              ? cubic(plane + rows[1])
              : cubic(
                  cubic(plane + rows[0]),
                  cubic(plane + rows[1]),
                  cubic(plane + rows[2]),
                  cubic(plane + rows[3]),
                  dy);
      return (byte) (int) Math.clamp(value, 0, 255);
    }

    private int at(int row, int k) {
      return picture.pixels()[row + columns[k]] & 0xff;
    }

    private double linear(int row) {
      int left = at(row, 0);
      return left + (at(row, 1) - left) * dx;
    }

    private double cubic(int row) {
      return dx == 0 ? at(row, 1) : cubic(at(row, 0), at(row, 1), at(row, 2), at(row, 3), dx);
    }

    /** Between the second and the third value. */
    private static double cubic(double v1, double v2, double v3, double v4, double d) {
      double p2 = -v1 + v3;
      double p3 = 2 * (v1 - v2) + v3 - v4;
      double p4 = -v1 + v2 - v3 + v4;
      return v2 + d * (p2 + d * (p3 + d * p4));
    }
  }
}
