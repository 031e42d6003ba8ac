package org.kat4j.explain.figure;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * How values are distributed: the share of them in bins of equal width, one outline for each
 * distribution.
 *
 * @param title what it shows
 * @param axis of the values
 * @param distributions over the same bins
 * @param size how large it is drawn
 */
public record Histogram(String title, Axis axis, List<Distribution> distributions, Size size)
    implements Chart {

  /**
   * Shares of values in bins of equal width.
   *
   * @param name in the legend
   * @param from lower end of the first bin
   * @param to upper end of the last bin, above {@code from}
   * @param shares of each bin
   */
  public record Distribution(String name, double from, double to, List<Double> shares) {
    public Distribution {
      shares = List.copyOf(shares);
    }

    /** Counts values; those outside the range go into the first and last bin, NaN is left out. */
    public static Distribution of(String name, double[] values, double from, double to, int bins) {
      long[] counts = new long[bins];
      long all = 0;
      for (double value : values) {
        if (!Double.isNaN(value)) {
          counts[(int) Math.clamp((value - from) / (to - from) * bins, 0, bins - 1)]++;
          all++;
        }
      }
      var shares = new ArrayList<Double>();
      for (long count : counts) {
        shares.add(all == 0 ? 0 : (double) count / all);
      }
      return new Distribution(name, from, to, shares);
    }

    private List<Point> outline() {
      double width = (to - from) / shares.size();
      var points = new ArrayList<Point>();
      points.add(new Point(from, 0));
      for (int i = 0; i < shares.size(); i++) {
        points.add(new Point(from + i * width, shares.get(i)));
        points.add(new Point(from + (i + 1) * width, shares.get(i)));
      }
      points.add(new Point(to, 0));
      return points;
    }
  }

  public Histogram {
    distributions = List.copyOf(distributions);
  }

  /** A chart of normal size. */
  public static Histogram of(String title, Axis axis, List<Distribution> distributions) {
    return new Histogram(title, axis, distributions, Size.NORMAL);
  }

  @Override
  public void draw(Svg svg) {
    List<Series> outlines =
        distributions.stream().map(d -> Series.of(d.name, d.outline())).toList();
    Plane plane =
        Plane.draw(
            svg,
            size,
            axis,
            Axis.linear(""),
            LineChart.all(outlines, Point::x),
            DoubleStream.concat(DoubleStream.of(0), LineChart.all(outlines, Point::y)),
            outlines);
    for (int i = 0; i < outlines.size(); i++) {
      List<double[]> places =
          outlines.get(i).points().stream().map(p -> plane.place(p.x(), p.y())).toList();
      String style = outlines.get(i).style(i);
      svg.polygon("band " + style, places);
      svg.polyline("curve " + style, places);
    }
  }
}
