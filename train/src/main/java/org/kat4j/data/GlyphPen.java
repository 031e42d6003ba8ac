package org.kat4j.data;

import java.util.Arrays;

/** Draws one {@link Glyph} as an unsteady hand would: white ink on black, one byte per pixel. */
final class GlyphPen {
  private static final int STEPS_PER_CURVE = 6;
  private static final int STEPS_PER_LINE = 8;
  private static final double CONTROL_POINT_JITTER = 0.065;
  private static final int WARP_WAVES = 3;

  private final int size;
  private final RandomStream random;
  private final double[] brightness;

  /**
   * @param size rows and columns of the image
   * @param random decides everything that varies between two drawings
   */
  GlyphPen(int size, RandomStream random) {
    this.size = size;
    this.random = random;
    this.brightness = new double[size * size];
  }

  /** Draws the glyph into {@code size * size} bytes of {@code target} from {@code offset} on. */
  void draw(Glyph glyph, byte[] target, int offset) {
    Placement placement = new Placement(size, random);
    Warp warp = new Warp(random);
    double thickness = random.nextDouble(1.3, 2.7);
    double ink = random.nextDouble(170, 255);
    Arrays.fill(brightness, 0);
    for (Glyph.Stroke stroke : glyph.strokes()) {
      double[] path = stroke.smooth() ? curve(jitter(stroke)) : lines(jitter(stroke));
      for (int i = 0; i < path.length; i += 2) {
        warp.move(path, i);
        placement.move(path, i);
      }
      ink(path, thickness * random.nextDouble(0.85, 1.15), random.nextDouble(-0.3, 0.3));
    }
    for (int i = 0; i < brightness.length; i++) {
      double value = brightness[i] * ink + noise();
      target[offset + i] = (byte) (int) StrictMath.clamp(value + 0.5, 0, 255);
    }
  }

  private double[] jitter(Glyph.Stroke stroke) {
    double[] points = stroke.points().clone();
    for (int i = 0; i < points.length; i++) {
      points[i] += random.nextDouble(-CONTROL_POINT_JITTER, CONTROL_POINT_JITTER);
    }
    return points;
  }

  /** Straight lines cut into short pieces, so that the warp can bend them. */
  private static double[] lines(double[] corners) {
    int segments = corners.length / 2 - 1;
    double[] path = new double[2 * (segments * STEPS_PER_LINE + 1)];
    for (int point = 0; 2 * point < path.length; point++) {
      int segment = Math.min(point / STEPS_PER_LINE, segments - 1);
      double t = (point - segment * STEPS_PER_LINE) / (double) STEPS_PER_LINE;
      for (int axis = 0; axis < 2; axis++) {
        double from = corners[2 * segment + axis];
        double to = corners[2 * segment + 2 + axis];
        path[2 * point + axis] = from + t * (to - from);
      }
    }
    return path;
  }

  /** Quadratic curves joined at the midpoints between control points: smooth at every joint. */
  private static double[] curve(double[] controls) {
    int pieces = controls.length / 2 - 2;
    double[] path = new double[2 * (pieces * STEPS_PER_CURVE + 1)];
    for (int point = 0; 2 * point < path.length; point++) {
      int piece = Math.min(point / STEPS_PER_CURVE, pieces - 1);
      double t = (point - piece * STEPS_PER_CURVE) / (double) STEPS_PER_CURVE;
      for (int axis = 0; axis < 2; axis++) {
        double before = controls[2 * piece + axis];
        double control = controls[2 * piece + 2 + axis];
        double after = controls[2 * piece + 4 + axis];
        double start = piece == 0 ? before : (before + control) / 2;
        double end = piece == pieces - 1 ? after : (control + after) / 2;
        path[2 * point + axis] =
            (1 - t) * (1 - t) * start + 2 * t * (1 - t) * control + t * t * end;
      }
    }
    return path;
  }

  /** Inks a path in pixel coordinates; the pen presses {@code taper} more at the end. */
  private void ink(double[] path, double thickness, double taper) {
    int segments = path.length / 2 - 1;
    for (int segment = 0; segment < segments; segment++) {
      double radius = thickness / 2 * (1 + taper * (segment / (double) segments - 0.5));
      inkSegment(
          path[2 * segment],
          path[2 * segment + 1],
          path[2 * segment + 2],
          path[2 * segment + 3],
          radius);
    }
  }

  /** Covers the pixels near one segment by their distance to it: a one-pixel soft edge. */
  private void inkSegment(double x0, double y0, double x1, double y1, double radius) {
    double reach = radius + 0.5;
    int left = Math.max(0, (int) (StrictMath.min(x0, x1) - reach));
    int right = Math.min(size - 1, (int) (StrictMath.max(x0, x1) + reach));
    int top = Math.max(0, (int) (StrictMath.min(y0, y1) - reach));
    int bottom = Math.min(size - 1, (int) (StrictMath.max(y0, y1) + reach));
    double dx = x1 - x0;
    double dy = y1 - y0;
    double lengthSquared = dx * dx + dy * dy + 1e-12;
    for (int row = top; row <= bottom; row++) {
      for (int column = left; column <= right; column++) {
        double px = column + 0.5 - x0;
        double py = row + 0.5 - y0;
        double along = StrictMath.clamp((px * dx + py * dy) / lengthSquared, 0, 1);
        double ex = px - along * dx;
        double ey = py - along * dy;
        double coverage = StrictMath.min(1, reach - StrictMath.sqrt(ex * ex + ey * ey));
        int pixel = row * size + column;
        brightness[pixel] = StrictMath.max(brightness[pixel], coverage);
      }
    }
  }

  /** Sensor noise, about normal with standard deviation 8 of 255 (a sum of four uniforms). */
  private double noise() {
    double sum = random.nextDouble() + random.nextDouble() + random.nextDouble();
    return (sum + random.nextDouble() - 2) * 14;
  }

  /** Random rotation, scale, shear and shift from glyph to pixel coordinates. */
  private static final class Placement {
    private final double xx;
    private final double xy;
    private final double yx;
    private final double yy;
    private final double shiftX;
    private final double shiftY;

    Placement(int size, RandomStream random) {
      double angle = StrictMath.toRadians(random.nextDouble(-22, 22));
      double shear = random.nextDouble(-0.22, 0.22);
      double scaleX = size * random.nextDouble(0.25, 0.4);
      double scaleY = size * random.nextDouble(0.25, 0.4);
      double cos = StrictMath.cos(angle);
      double sin = StrictMath.sin(angle);
      xx = scaleX * cos;
      xy = scaleY * (shear * cos - sin);
      yx = scaleX * sin;
      yy = scaleY * (shear * sin + cos);
      shiftX = size * (0.5 + random.nextDouble(-0.1, 0.1));
      shiftY = size * (0.5 + random.nextDouble(-0.1, 0.1));
    }

    void move(double[] path, int i) {
      double x = path[i];
      double y = path[i + 1];
      path[i] = xx * x + xy * y + shiftX;
      path[i + 1] = yx * x + yy * y + shiftY;
    }
  }

  /** A smooth elastic deformation of the glyph's plane: a few slow sine waves per axis. */
  private static final class Warp {
    private final double[][] waves = new double[2 * WARP_WAVES][];

    Warp(RandomStream random) {
      for (int i = 0; i < waves.length; i++) {
        waves[i] =
            new double[] {
              random.nextDouble(-2.6, 2.6),
              random.nextDouble(-2.6, 2.6),
              random.nextDouble(0, 2 * StrictMath.PI),
              random.nextDouble(0, 0.09)
            };
      }
    }

    void move(double[] path, int i) {
      double x = path[i];
      double y = path[i + 1];
      for (int wave = 0; wave < waves.length; wave++) {
        double[] w = waves[wave];
        path[i + wave % 2] += w[3] * StrictMath.sin(w[0] * x + w[1] * y + w[2]);
      }
    }
  }
}
