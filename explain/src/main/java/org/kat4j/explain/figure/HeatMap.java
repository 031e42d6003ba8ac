package org.kat4j.explain.figure;

import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * A table of numbers as cells of more or less colour: one colour from zero up, a second for what is
 * below zero. Cells have their number written in while there is room.
 *
 * @param title what it shows
 * @param across what the columns are
 * @param down what the rows are
 * @param columns names from left to right
 * @param rows names from top to bottom
 * @param values {@code [row][column]}; not a number for an empty cell
 */
public record HeatMap(
    String title,
    String across,
    String down,
    List<String> columns,
    List<String> rows,
    List<List<Double>> values)
    implements Chart {
  private static final double TOP = 24;
  private static final double LARGEST_CELL = 34;
  private static final double SMALLEST_CELL = 5;
  private static final double LEGIBLE_CELL = 22;
  private static final double TEXT = 13;

  public HeatMap {
    columns = List.copyOf(columns);
    rows = List.copyOf(rows);
    values = values.stream().map(List::copyOf).toList();
    int width = columns.size();
    if (values.size() != rows.size() || values.stream().anyMatch(row -> row.size() != width)) {
      throw new IllegalArgumentException(
          "heat map '" + title + "': the values are not " + rows.size() + " x " + width);
    }
  }

  /** A map from an array {@code [row][column]}. */
  public static HeatMap of(
      String title,
      String across,
      String down,
      List<String> columns,
      List<String> rows,
      double[][] values) {
    List<List<Double>> lists =
        Stream.of(values).map(row -> DoubleStream.of(row).boxed().toList()).toList();
    return new HeatMap(title, across, down, columns, rows, lists);
  }

  @Override
  public Size size() {
    return new Size(
        Math.max(Size.NORMAL.width(), left() + columns.size() * cell() + 8),
        TOP + rows.size() * cell() + (namesAcross() ? longest(columns) : 0) + 24);
  }

  private double left() {
    return 16 + (cell() >= TEXT ? longest(rows) + 6 : 0);
  }

  private double cell() {
    double room = Size.NORMAL.width() - 130;
    return Math.clamp(room / Math.max(1, columns.size()), SMALLEST_CELL, LARGEST_CELL);
  }

  private boolean namesAcross() {
    return cell() >= TEXT;
  }

  private static double longest(List<String> names) {
    return Math.min(96, names.stream().mapToDouble(Svg::widthOf).max().orElse(0));
  }

  @Override
  public void draw(Svg svg) {
    double cell = cell();
    double left = left();
    double bottom = TOP + rows.size() * cell;
    double largest =
        values.stream()
            .flatMap(List::stream)
            .mapToDouble(Math::abs)
            .filter(Double::isFinite)
            .max()
            .orElse(0);
    svg.rectangle("frame", left, TOP, columns.size() * cell, rows.size() * cell);
    for (int r = 0; r < rows.size(); r++) {
      double y = TOP + r * cell;
      if (cell >= TEXT) {
        svg.text(Svg.Anchor.END, "tick", left - 5, y + cell / 2 + 4, Svg.fitted(rows.get(r), 96));
      }
      for (int c = 0; c < columns.size(); c++) {
        draw(svg, r, c, left + c * cell, y, largest);
      }
    }
    if (namesAcross()) {
      for (int c = 0; c < columns.size(); c++) {
        String name = Svg.fitted(columns.get(c), 96);
        double x = left + (c + .5) * cell;
        if (longest(columns) <= cell) {
          svg.text(Svg.Anchor.MIDDLE, "tick", x, bottom + 14, name);
        } else {
          svg.uprightText("tick", x + 4, bottom + 6 + Svg.widthOf(name) / 2, name);
        }
      }
    }
    svg.text(
        Svg.Anchor.MIDDLE, "label", left + columns.size() * cell / 2, size().height() - 5, across);
    svg.uprightText("label", 11, (TOP + bottom) / 2, down);
  }

  private void draw(Svg svg, int r, int c, double x, double y, double largest) {
    double value = values.get(r).get(c);
    if (Double.isNaN(value) || value == 0) {
      return; // the ground shows through, and large maps stay small
    }
    double cell = cell();
    double strength = largest == 0 ? 0 : Math.min(1, Math.abs(value) / largest);
    String text = Numbers.brief(value, 3);
    String hint = rows.get(r) + ", " + columns.get(c) + ": " + text;
    svg.cell(value > 0 ? "more" : "less", x, y, cell, cell, .08 + .92 * strength, hint);
    if (cell >= LEGIBLE_CELL && Svg.widthOf(text) <= cell + 4) {
      String style = strength > .55 ? "incell strong" : "incell";
      svg.text(Svg.Anchor.MIDDLE, style, x + cell / 2, y + cell / 2 + 4, text);
    }
  }
}
