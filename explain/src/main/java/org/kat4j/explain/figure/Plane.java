package org.kat4j.explain.figure;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.DoubleStream;

/**
 * The rectangle between two axes: grid, ticks, labels and legend, and the way from values to
 * places.
 */
record Plane(Scale x, Scale y, Axis across, Axis up) {
  private static final double TITLE = 24;
  private static final double LEGEND_LINE = 15;
  private static final double ROOM_PER_TICK_ACROSS = 56;
  private static final double ROOM_PER_TICK_UP = 34;

  /** Draws the axes for these values and the legend of the series. */
  static Plane draw(
      Svg svg,
      Chart.Size size,
      Axis across,
      Axis up,
      DoubleStream xs,
      DoubleStream ys,
      List<Series> legend) {
    double top = TITLE + legend(svg, legend, size.width());
    double bottom = size.height() - 18 - (across.label().isEmpty() ? 4 : 14);
    Scale y = up.scale(ys, bottom, top);
    List<Scale.Tick> marks = y.ticks((int) ((bottom - top) / ROOM_PER_TICK_UP) + 1);
    double widest = marks.stream().mapToDouble(tick -> Svg.widthOf(tick.text())).max().orElse(0);
    double left = 10 + widest + (up.label().isEmpty() ? 0 : 18);
    Scale x = across.scale(xs, left, size.width() - 12);
    for (Scale.Tick tick : marks) {
      double place = y.place(tick.value());
      svg.line("grid", left, place, x.end(), place);
      svg.text(Svg.Anchor.END, "tick", left - 5, place + 4, tick.text());
    }
    for (Scale.Tick tick : x.ticks((int) ((x.end() - left) / ROOM_PER_TICK_ACROSS) + 1)) {
      double place = x.place(tick.value());
      svg.line("mark", place, bottom, place, bottom + 4);
      double within = Math.min(place, size.width() - 1 - Svg.widthOf(tick.text()) / 2);
      svg.text(Svg.Anchor.MIDDLE, "tick", within, bottom + 15, tick.text());
    }
    svg.line("axis", left, bottom, x.end(), bottom);
    if (!across.label().isEmpty()) {
      svg.text(Svg.Anchor.MIDDLE, "label", (left + x.end()) / 2, size.height() - 5, across.label());
    }
    if (!up.label().isEmpty()) {
      svg.uprightText("label", 11, (top + bottom) / 2, up.label());
    }
    return new Plane(x, y, across, up);
  }

  /** One line of names, or as many as are needed; returns their height. */
  private static double legend(Svg svg, List<Series> series, double width) {
    if (series.size() < 2 || series.stream().allMatch(one -> one.name().isEmpty())) {
      return 0;
    }
    double x = 8;
    double line = 0;
    for (int i = 0; i < series.size(); i++) {
      String name = Svg.fitted(series.get(i).name(), width - 40);
      double needed = 22 + Svg.widthOf(name) + 10;
      if (x > 8 && x + needed > width) {
        x = 8;
        line++;
      }
      double base = TITLE + 6 + line * LEGEND_LINE;
      svg.line("curve " + series.get(i).style(i), x, base - 4, x + 16, base - 4);
      svg.text(Svg.Anchor.START, "label", x + 21, base, name);
      x += needed;
    }
    return (line + 1) * LEGEND_LINE + 2;
  }

  boolean shows(Point point) {
    return across.shows(point.x()) && up.shows(point.y());
  }

  double[] place(double valueAcross, double valueUp) {
    return new double[] {x.place(valueAcross), y.place(valueUp)};
  }

  /** Hands over each stretch of points between those that cannot be shown. */
  void unbroken(Series series, BiConsumer<Plane, List<Point>> draw) {
    var stretch = new ArrayList<Point>();
    for (Point point : series.points()) {
      if (shows(point)) {
        stretch.add(point);
      } else if (!stretch.isEmpty()) {
        draw.accept(this, List.copyOf(stretch));
        stretch.clear();
      }
    }
    if (!stretch.isEmpty()) {
      draw.accept(this, stretch);
    }
  }
}
