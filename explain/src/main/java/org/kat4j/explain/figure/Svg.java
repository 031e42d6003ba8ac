package org.kat4j.explain.figure;

import java.util.Collection;
import java.util.Locale;

/**
 * Writes the shapes of a drawing. Coordinates grow to the right and down; every shape has a class
 * of the style sheet, which gives its colours.
 */
public final class Svg {
  /** Which part of a text stands at its place. */
  public enum Anchor {
    START,
    MIDDLE,
    END
  }

  /** Width of a character of text, on average; some fonts and capitals are wider than most. */
  static final double CHARACTER = 6.4;

  private final StringBuilder markup = new StringBuilder();

  /** A straight line. */
  public void line(String style, double x1, double y1, double x2, double y2) {
    append("<line class=\"%s\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>", style, x1, y1, x2, y2);
  }

  /** A rectangle by its upper left corner. */
  public void rectangle(String style, double x, double y, double width, double height) {
    append(
        "<rect class=\"%s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"/>",
        style, x, y, Math.max(0, width), Math.max(0, height));
  }

  /**
   * A filled cell.
   *
   * @param strength from 0, nothing, to 1, the full colour
   * @param hint shown under the pointer
   */
  public void cell(
      String style, double x, double y, double width, double height, double strength, String hint) {
    append(
        "<rect class=\"%s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill-opacity=\"%s\"><title>%s</title></rect>",
        style,
        x,
        y,
        width,
        height,
        String.format(Locale.ROOT, "%.2f", strength),
        Markup.escape(hint));
  }

  /** A filled circle; {@code hint} is shown under the pointer. */
  public void dot(String style, double x, double y, double radius, String hint) {
    append(
        "<circle class=\"%s\" cx=\"%s\" cy=\"%s\" r=\"%s\"><title>%s</title></circle>",
        style, x, y, radius, Markup.escape(hint));
  }

  /** A line through places {@code (x, y)}. */
  public void polyline(String style, Collection<double[]> places) {
    append("<path class=\"%s\" d=\"%s\"/>", style, path(places));
  }

  /** The area inside places {@code (x, y)}. */
  public void polygon(String style, Collection<double[]> places) {
    append("<path class=\"%s\" d=\"%sZ\"/>", style, path(places));
  }

  /** One line of text on the base line {@code y}. */
  public void text(Anchor anchor, String style, double x, double y, String text) {
    append(
        "<text class=\"%s %s\" x=\"%s\" y=\"%s\">%s</text>",
        anchor.name().toLowerCase(Locale.ROOT), style, x, y, Markup.escape(text));
  }

  /** Text that runs upwards, its middle at the place. */
  public void uprightText(String style, double x, double y, String text) {
    append(
        "<text class=\"middle %s\" transform=\"translate(%s %s) rotate(-90)\">%s</text>",
        style, x, y, Markup.escape(text));
  }

  /** Everything drawn until {@link #endGroup} is moved. */
  public void beginGroup(double x, double y) {
    append("<g transform=\"translate(%s %s)\">", x, y);
  }

  /** Everything drawn until {@link #endGroup} is as opaque as this, 0 to 1. */
  public void beginFaded(double opacity) {
    markup.append(String.format(Locale.ROOT, "<g opacity=\"%.2f\">", opacity));
  }

  /** Ends what {@link #beginGroup} or {@link #beginFaded} began. */
  public void endGroup() {
    markup.append("</g>");
  }

  /** The shapes so far. */
  public String markup() {
    return markup.toString();
  }

  /** Units that a line of text takes, roughly. */
  public static double widthOf(String text) {
    return CHARACTER * text.codePointCount(0, text.length());
  }

  /** The text, cut with an ellipsis to what fits. */
  public static String fitted(String text, double width) {
    int most = (int) (width / CHARACTER);
    int length = text.codePointCount(0, text.length());
    return length <= most
        ? text
        : text.substring(0, text.offsetByCodePoints(0, Math.max(1, most - 1))) + "…";
  }

  /** A coordinate to a tenth of a unit, as short as it can be written. */
  static String unit(double value) {
    double tenths = Math.rint(value * 10) / 10;
    return tenths == Math.rint(tenths) ? Long.toString((long) tenths) : Double.toString(tenths);
  }

  private static String path(Collection<double[]> places) {
    var path = new StringBuilder();
    for (double[] place : places) {
      path.append(path.isEmpty() ? 'M' : 'L')
          .append(unit(place[0]))
          .append(' ')
          .append(unit(place[1]));
    }
    return path.toString();
  }

  private void append(String format, Object... values) {
    Object[] texts = values.clone();
    for (int i = 0; i < texts.length; i++) {
      if (texts[i] instanceof Double number) {
        texts[i] = unit(number);
      }
    }
    markup.append(String.format(Locale.ROOT, format, texts));
  }
}
