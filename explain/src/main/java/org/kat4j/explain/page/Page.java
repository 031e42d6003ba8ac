package org.kat4j.explain.page;

import java.nio.file.Path;
import java.util.List;
import org.kat4j.explain.figure.Markup;
import org.kat4j.explain.figure.Style;
import org.kat4j.torch.AtomicFile;

/**
 * A page in one file: it loads nothing, runs nothing, and its policy forbids both.
 *
 * @param title of the page
 * @param content what stands on it
 */
public record Page(String title, Content content) {
  private static final int SECTIONS_WORTH_A_LIST = 3;
  private static final String SHELL =
      """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="generator" content="kat4j">
      <title>%s</title>
      <link rel="icon" href="data:,">
      <style>
      %s</style>
      </head>
      <body>
      <main>
      <h1>%s</h1>
      %s%s
      </main>
      </body>
      </html>
      """;

  /** The style sheet of pages and charts. */
  public static String style() {
    return Style.sheet() + Style.read(Page.class, "page.css");
  }

  /** The whole file. */
  public String html() {
    String name = Markup.escape(title);
    return SHELL.formatted(name, style(), name, contents(), content.html());
  }

  private String contents() {
    List<String> sections = content.sections();
    if (sections.size() < SECTIONS_WORTH_A_LIST) {
      return "";
    }
    var list = new StringBuilder("<nav>");
    for (int i = 0; i < sections.size(); i++) {
      list.append("<a href=\"#").append(Content.anchor(i + 1)).append("\">");
      list.append(Markup.escape(sections.get(i))).append("</a>");
    }
    return list.append("</nav>").toString();
  }

  /** Writes the file beside its place and moves it there. */
  public void write(Path file) {
    AtomicFile.write(file, html());
  }
}
