package org.kat4j.explain.figure;

import java.util.Locale;

/** A drawing of data. */
public sealed interface Chart
    permits LineChart, ScatterPlot, BarChart, Histogram, HeatMap, NetworkDrawing, SmallMultiples {

  /** What it shows, in a few words: drawn above it, and read out to those who cannot see it. */
  String title();

  /** How large it is drawn. */
  Size size();

  /** Draws everything below the title. */
  void draw(Svg svg);

  /**
   * A size in units of the drawing; text is 11 units high, and the page scales the whole.
   *
   * @param width of the drawing
   * @param height of the drawing
   */
  record Size(double width, double height) {
    /** Two stand side by side on a screen, one fills a telephone. */
    public static final Size NORMAL = new Size(440, 270);

    /** One of many. */
    public static final Size PANEL = new Size(210, 150);
  }

  /** The chart as an element of a page that has the style sheet. */
  default String svg() {
    return element("");
  }

  /** The chart as a file of its own, style sheet included. */
  default String file() {
    return element(
        "<style>"
            + Style.sheet()
            + "</style><rect class=\"ground\" width=\"100%\" height=\"100%\"/>");
  }

  private String element(String before) {
    var svg = new Svg();
    svg.text(Svg.Anchor.START, "title", 8, 15, title());
    draw(svg);
    return String.format(
        Locale.ROOT,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 %s %s\" role=\"img\"><title>%s</title>%s%s</svg>",
        Svg.unit(size().width()),
        Svg.unit(size().height()),
        Markup.escape(title()),
        before,
        svg.markup());
  }
}
