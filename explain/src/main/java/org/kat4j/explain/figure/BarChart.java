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
  private static final double NAME = 16; // height of a name above its value
  private static final double MOST_BESIDE = .4; // of the width, for names beside their values
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
    return new Size(WIDTH, TOP + bars.size() * row() + (axis.label().isEmpty() ? 22 : 36));
  }

  /** Names that are too long to stand beside their values stand above them. */
  private boolean namesAbove() {
    return longestName() > WIDTH * MOST_BESIDE;
  }

  private double longestName() {
    return bars.stream().mapToDouble(bar -> Svg.widthOf(bar.name())).max().orElse(0);
  }

  private double row() {
    return namesAbove() ? NAME + ROW : ROW;
  }

  @Override
  public void draw(Svg svg) {
    double left = namesAbove() ? 16 : 12 + longestName();
    double widest =
        bars.stream().mapToDouble(bar -> Svg.widthOf(Numbers.brief(bar.value))).max().orElse(0);
    double right = WIDTH - 12 - widest;
    double bottom = TOP + bars.size() * row();
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
    double neutral = axis.logarithmic() ? 1 : 0;
    double zero =
        fromZero || (x.least() < neutral && x.most() > neutral && mark == Mark.DOT)
            ? x.place(neutral)
            : left;
    svg.line("axis", zero, TOP, zero, bottom);
    for (int i = 0; i < bars.size(); i++) {
      draw(svg, bars.get(i), x, zero, left, TOP + (i + 1) * row() - ROW / 2);
    }
  }

  private void draw(Svg svg, Bar bar, Scale x, double zero, double left, double y) {
    if (namesAbove()) {
      svg.text(Svg.Anchor.START, "label", 12, y - 10, Svg.fitted(bar.name, WIDTH - 18));
    } else {
      svg.text(Svg.Anchor.END, "label", left - 5, y + 4, bar.name);
    }
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
