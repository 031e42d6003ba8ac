package org.kat4j.explain.figure;

import java.util.List;
import java.util.stream.DoubleStream;

/**
 * Named values one below the other, with their intervals.
 *
 * @param title what it shows
 * @param axis of the values
 * @param bars from top to bottom
 * @param mark bars from zero, or dots where zero means nothing
 */
public record BarChart(String title, Axis axis, List<Bar> bars, Mark mark) implements Chart {
  private static final double TOP = 26;
  private static final double ROW = 20;
  private static final double WIDTH = Size.NORMAL.width();

  /** How a value is shown. */
  public enum Mark {
    BAR,
    DOT
  }

  /**
   * A value.
   *
   * @param name at its left
   * @param low lower end of its interval; the value itself where there is none
   * @param value its size
   * @param high upper end
   * @param colour of the palette, from 0
   */
  public record Bar(String name, double low, double value, double high, int colour) {
    /** A value without an interval. */
    public Bar(String name, double value) {
      this(name, value, value, value, 0);
    }

    /** A value with its interval. */
    public static Bar between(String name, double low, double value, double high) {
      return new Bar(name, low, value, high, 0);
    }

    /** The same in another colour. */
    public Bar coloured(int other) {
      return new Bar(name, low, value, high, other);
    }
  }

  public BarChart {
    bars = List.copyOf(bars);
  }

  /** Bars from zero. */
  public static BarChart of(String title, Axis axis, List<Bar> bars) {
    return new BarChart(title, axis, bars, Mark.BAR);
  }

  /** Dots with intervals, for differences and estimates. */
  public static BarChart dots(String title, Axis axis, List<Bar> bars) {
    return new BarChart(title, axis, bars, Mark.DOT);
  }

  @Override
  public Size size() {
    return new Size(WIDTH, TOP + bars.size() * ROW + (axis.label().isEmpty() ? 22 : 36));
  }

  @Override
  public void draw(Svg svg) {
    double longest = bars.stream().mapToDouble(bar -> Svg.widthOf(bar.name())).max().orElse(0);
    double left = 12 + Math.min(longest, WIDTH * .4);
    double right = WIDTH - 52;
    double bottom = TOP + bars.size() * ROW;
    DoubleStream values =
        bars.stream().flatMapToDouble(bar -> DoubleStream.of(bar.low, bar.value, bar.high));
    boolean fromZero = mark == Mark.BAR && !axis.logarithmic();
    Scale x =
        axis.scale(
            fromZero ? DoubleStream.concat(values, DoubleStream.of(0)) : values, left, right);
    for (Scale.Tick tick : x.ticks(4)) {
      double place = x.place(tick.value());
      svg.line("grid", place, TOP, place, bottom);
      svg.text(Svg.Anchor.MIDDLE, "tick", place, bottom + 14, tick.text());
    }
    if (!axis.label().isEmpty()) {
      svg.text(Svg.Anchor.MIDDLE, "label", (left + right) / 2, bottom + 29, axis.label());
    }
    double zero = fromZero || (x.least() < 0 && x.most() > 0) ? x.place(0) : left;
    svg.line("axis", zero, TOP, zero, bottom);
    for (int i = 0; i < bars.size(); i++) {
      draw(svg, bars.get(i), x, zero, left, TOP + (i + .5) * ROW);
    }
  }

  private void draw(Svg svg, Bar bar, Scale x, double zero, double left, double y) {
    svg.text(Svg.Anchor.END, "label", left - 5, y + 4, Svg.fitted(bar.name, left - 6));
    svg.text(Svg.Anchor.END, "value", WIDTH - 6, y + 4, Numbers.brief(bar.value));
    if (!axis.shows(bar.value)) {
      return;
    }
    String style = " c" + Math.floorMod(bar.colour, Style.COLOURS);
    double place = x.place(bar.value);
    if (mark == Mark.BAR) {
      svg.rectangle("bar" + style, Math.min(zero, place), y - 6, Math.abs(place - zero), 12);
    }
    if (bar.low < bar.high) {
      double low = x.place(Math.max(bar.low, axis.logarithmic() ? x.least() : bar.low));
      double high = x.place(bar.high);
      svg.line("whisker", low, y, high, y);
      svg.line("whisker", low, y - 4, low, y + 4);
      svg.line("whisker", high, y - 4, high, y + 4);
    }
    if (mark == Mark.DOT) {
      svg.dot("dot" + style, place, y, 4, bar.name + ": " + Numbers.brief(bar.value));
    }
  }
}
