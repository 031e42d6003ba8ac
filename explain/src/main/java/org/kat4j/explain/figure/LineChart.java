package org.kat4j.explain.figure;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/**
 * Lines through points, with a shaded band where points have intervals.
 *
 * @param title what it shows
 * @param x the axis across
 * @param y the axis upwards
 * @param series the lines; a legend names them where there are two or more
 * @param size how large it is drawn
 */
public record LineChart(String title, Axis x, Axis y, List<Series> series, Size size)
    implements Chart {
  private static final double RADIUS = 2.5;

  public LineChart {
    series = List.copyOf(series);
  }

  /** A chart of normal size. */
  public static LineChart of(String title, Axis x, Axis y, List<Series> series) {
    return new LineChart(title, x, y, series, Size.NORMAL);
  }

  /** The same chart in another size. */
  public LineChart sized(Size other) {
    return new LineChart(title, x, y, series, other);
  }

  @Override
  public void draw(Svg svg) {
    Plane plane = Plane.draw(svg, size, x, y, all(series, Point::x), values(series), series);
    for (int i = 0; i < series.size(); i++) {
      Series one = series.get(i);
      String style = one.style(i);
      plane.unbroken(one, (p, stretch) -> stretch(svg, p, style, one.name(), stretch));
    }
  }

  private static void stretch(Svg svg, Plane plane, String style, String name, List<Point> points) {
    if (points.stream().anyMatch(Point::hasInterval)) {
      var outline = new ArrayList<double[]>();
      points.forEach(p -> outline.add(plane.place(p.x(), p.low())));
      points.reversed().forEach(p -> outline.add(plane.place(p.x(), p.high())));
      svg.polygon("band " + style, outline);
    }
    if (points.size() == 1) { // a line of one point would not be seen
      Point only = points.getFirst();
      double[] place = plane.place(only.x(), only.y());
      svg.dot("dot " + style, place[0], place[1], RADIUS, hint(name, only));
    } else {
      svg.polyline("curve " + style, points.stream().map(p -> plane.place(p.x(), p.y())).toList());
    }
  }

  static String hint(String name, Point p) {
    return name + ": " + Numbers.brief(p.x()) + ", " + Numbers.brief(p.y());
  }

  /** All that has to fit between bottom and top. */
  static DoubleStream values(List<Series> series) {
    return DoubleStream.concat(
        all(series, Point::y),
        DoubleStream.concat(all(series, Point::low), all(series, Point::high)));
  }

  static DoubleStream all(List<Series> series, ToDoubleFunction<Point> of) {
    return series.stream().flatMap(one -> one.points().stream()).mapToDouble(of);
  }
}
