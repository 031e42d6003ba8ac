package org.kat4j.explain.figure;

/** Text made safe inside HTML and SVG. */
public final class Markup {
  private Markup() {}

  /**
   * The text as content or as a quoted attribute; characters that XML does not allow are left out.
   */
  public static String escape(String text) {
    var safe = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(c -> {
          switch (c) {
            case '&' -> safe.append("&amp;");
            case '<' -> safe.append("&lt;");
            case '>' -> safe.append("&gt;");
            case '"' -> safe.append("&quot;");
            case '\'' -> safe.append("&#39;");
            default -> {
              boolean control = c < ' ' && c != '\n' && c != '\t';
              boolean lone = c >= 0xD800 && c <= 0xDFFF || c == 0xFFFE || c == 0xFFFF;
              if (!control && !lone) {
                safe.appendCodePoint(c);
              }
            }
          }
        });
    return safe.toString();
  }
}
