package org.kat4j.explain.figure;

import java.util.List;

/**
 * Points that belong together.
 *
 * @param name in the legend
 * @param points in the order in which a line joins them
 * @param colour of the palette, from 0; {@link #BY_PLACE} for the series' place in its chart
 * @param stroke how its line is drawn
 */
public record Series(String name, List<Point> points, int colour, Stroke stroke) {
  /** The first series has the first colour, the second the second. */
  public static final int BY_PLACE = -1;

  /** How a line is drawn. */
  public enum Stroke {
    SOLID,
    DASHED,
    /** Thin and grey: what is only there to compare with. */
    QUIET
  }

  public Series {
    points = List.copyOf(points);
  }

  /** A solid line in the colour of its place. */
  public static Series of(String name, List<Point> points) {
    return new Series(name, points, BY_PLACE, Stroke.SOLID);
  }

  /** A thin grey line. */
  public static Series quiet(String name, List<Point> points) {
    return new Series(name, points, BY_PLACE, Stroke.QUIET);
  }

  /** The same points in one of the palette's colours. */
  public Series coloured(int other) {
    return new Series(name, points, other, stroke);
  }

  /** The same points, dashed. */
  public Series dashed() {
    return new Series(name, points, colour, Stroke.DASHED);
  }

  /** Classes of the style sheet that give its colour and line. */
  String style(int place) {
    int number = colour == BY_PLACE ? place : colour;
    String dashed = stroke == Stroke.DASHED || number >= Style.COLOURS ? " dashed" : "";
    return stroke == Stroke.QUIET ? "quiet" : "c" + number % Style.COLOURS + dashed;
  }
}
