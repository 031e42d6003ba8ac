package org.kat4j.explain.figure;

import java.util.List;

/**
 * Points that no line joins, with upright bars where they have intervals. A quiet series is a thin
 * line behind them.
 *
 * @param title what it shows
 * @param x the axis across
 * @param y the axis upwards
 * @param series points of one colour each; a legend names them where there are two or more
 * @param size how large it is drawn
 */
public record ScatterPlot(String title, Axis x, Axis y, List<Series> series, Size size)
    implements Chart {
  private static final double RADIUS = 3.5;

  public ScatterPlot {
    series = List.copyOf(series);
  }

  /** A chart of normal size. */
  public static ScatterPlot of(String title, Axis x, Axis y, List<Series> series) {
    return new ScatterPlot(title, x, y, series, Size.NORMAL);
  }

  @Override
  public void draw(Svg svg) {
    Plane plane =
        Plane.draw(
            svg, size, x, y, LineChart.all(series, Point::x), LineChart.values(series), series);
    for (int i = 0; i < series.size(); i++) {
      Series one = series.get(i);
      String style = one.style(i);
      if (one.stroke() == Series.Stroke.QUIET) {
        plane.unbroken(one, (p, stretch) -> line(svg, p, style, stretch));
        continue;
      }
      for (Point point : one.points()) {
        if (plane.shows(point)) {
          draw(svg, plane, style, one.name(), point);
        }
      }
    }
  }

  private static void line(Svg svg, Plane plane, String style, List<Point> points) {
    svg.polyline("curve " + style, points.stream().map(p -> plane.place(p.x(), p.y())).toList());
  }

  private static void draw(Svg svg, Plane plane, String style, String name, Point point) {
    double[] place = plane.place(point.x(), point.y());
    if (point.hasInterval()) {
      double low = plane.place(point.x(), point.low())[1];
      double high = plane.place(point.x(), point.high())[1];
      svg.line("whisker " + style, place[0], low, place[0], high);
    }
    svg.dot("dot " + style, place[0], place[1], RADIUS, LineChart.hint(name, point));
  }
}
