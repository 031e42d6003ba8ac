package org.kat4j.data;

import java.util.List;
import java.util.Locale;

/**
 * The ten shapes of the set "strokes", each as the strokes a hand would draw it with.
 *
 * <p>Coordinates lie in about {@code [-1, 1]}, x to the right and y downwards.
 */
enum Glyph {
  CIRCLE,
  CROSS,
  TRIANGLE,
  SQUARE,
  STAR,
  HEART,
  ARROW,
  SPIRAL,
  WAVE,
  ZIGZAG;

  /**
   * One movement of the pen.
   *
   * @param smooth whether the points steer a quadratic curve; otherwise they are the corners of
   *     straight lines
   * @param points x and y in turn
   */
  @SuppressWarnings("ArrayRecordComponent") // only carries the points, is never compared
  record Stroke(boolean smooth, double[] points) {}

  /** The strokes of the ideal shape, in the order in which they are drawn. */
  List<Stroke> strokes() {
    return switch (this) {
      case CIRCLE -> List.of(curve(arc(13, 0.9, 0.9, -90, 282)));
      case CROSS -> List.of(lines(-0.8, -0.8, 0.8, 0.8), lines(0.8, -0.8, -0.8, 0.8));
      case TRIANGLE -> List.of(lines(0, -0.85, 0.85, 0.7, -0.85, 0.7, -0.02, -0.82));
      case SQUARE ->
          List.of(lines(-0.75, -0.75, 0.75, -0.75, 0.75, 0.75, -0.75, 0.75, -0.75, -0.72));
      // The five-pointed star drawn without lifting the pen.
      case STAR -> List.of(lines(arc(6, 0.95, 0.95, -90, -90 + 2 * 360)));
      // The doubled points make the corners at the tip and in the dip.
      case HEART ->
          List.of(
              curve(
                  0, 0.9, 0, 0.9, -0.75, 0.2, -1, -0.3, -0.75, -0.85, -0.2, -0.8, 0, -0.3, 0, -0.3,
                  0.2, -0.8, 0.75, -0.85, 1, -0.3, 0.75, 0.2, 0, 0.9));
      case ARROW -> List.of(lines(-0.95, 0, 0.9, 0), lines(0.3, -0.55, 0.95, 0, 0.3, 0.55));
      case SPIRAL -> List.of(curve(arc(20, 0.08, 1.0, 20, 760)));
      case WAVE ->
          List.of(curve(-1, 0.25, -0.85, -0.6, -0.3, -0.75, 0, 0, 0.3, 0.75, 0.85, 0.6, 1, -0.25));
      case ZIGZAG -> List.of(lines(-1, 0.5, -0.5, -0.55, 0, 0.5, 0.5, -0.55, 1, 0.5));
    };
  }

  /** The class name: lower case. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  private static Stroke lines(double... points) {
    return new Stroke(false, points);
  }

  private static Stroke curve(double... points) {
    return new Stroke(true, points);
  }

  /** Points on a turn around the middle whose radius grows evenly; angles in degrees. */
  private static double[] arc(
      int count, double fromRadius, double toRadius, double fromAngle, double toAngle) {
    double[] points = new double[2 * count];
    for (int i = 0; i < count; i++) {
      double part = i / (count - 1.0);
      double radius = fromRadius + part * (toRadius - fromRadius);
      double angle = StrictMath.toRadians(fromAngle + part * (toAngle - fromAngle));
      points[2 * i] = radius * StrictMath.cos(angle);
      points[2 * i + 1] = radius * StrictMath.sin(angle);
    }
    return points;
  }
}
