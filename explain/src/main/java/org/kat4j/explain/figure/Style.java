package org.kat4j.explain.figure;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The style sheet of all charts. */
public final class Style {
  /** How many colours there are; further series begin again, dashed. */
  static final int COLOURS = 8;

  private static final String SHEET = read(Style.class, "figure.css");

  private Style() {}

  /** Colours and lines for light, dark and paper, as CSS. */
  public static String sheet() {
    return SHEET;
  }

  /** A text resource beside a class. */
  public static String read(Class<?> beside, String name) {
    try (InputStream in = beside.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
