package org.kat4j.explain.page;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import org.kat4j.explain.figure.Chart;
import org.kat4j.explain.figure.Markup;
import org.kat4j.explain.figure.SmallMultiples;

/** What stands on a page, from top to bottom. Everything given as text is escaped. */
public final class Content {
  private final StringBuilder html = new StringBuilder();
  private final List<String> sections = new ArrayList<>();
  private int before; // characters before the first section

  /** The first sentence: what this page is about. */
  public Content lead(String text) {
    return element("p class=\"lead\"", text);
  }

  /** A new section, listed at the top of the page. */
  public Content section(String title) {
    if (sections.isEmpty()) {
      before = html.length();
    }
    sections.add(title);
    return element("h2 id=\"" + anchor(sections.size()) + "\"", title);
  }

  /** A heading inside a section. */
  public Content heading(String title) {
    return element("h3", title);
  }

  /** A paragraph. */
  public Content text(String text) {
    return element("p", text);
  }

  /** A paragraph in small print: where a number comes from, what is missing and why. */
  public Content note(String text) {
    return element("p class=\"note\"", text);
  }

  /** Text as it is, in a fixed pitch. */
  public Content code(String text) {
    html.append("<pre><code>").append(Markup.escape(text)).append("</code></pre>");
    return this;
  }

  /** A piece of a text with its line ends; lines that are too long are broken. */
  public Content passage(String text) {
    return element("pre class=\"passage\"", text);
  }

  /** The numbers that matter, beside each other. */
  public Content cards(Card... cards) {
    return cards(List.of(cards));
  }

  /** The numbers that matter, beside each other. */
  public Content cards(List<Card> cards) {
    html.append("<dl class=\"cards\">");
    for (Card card : cards) {
      html.append("<div>");
      element("dt", card.label());
      element("dd", card.value());
      if (!card.note().isEmpty()) {
        element("dd class=\"note\"", card.note());
      }
      html.append("</div>");
    }
    html.append("</dl>");
    return this;
  }

  public Content table(Table table) {
    html.append(table.html());
    return this;
  }

  /** Charts, as many beside each other as fit. */
  public Content figures(Chart... charts) {
    return figures(List.of(charts));
  }

  /** Charts, as many beside each other as fit; {@link SmallMultiples} take the whole width. */
  public Content figures(List<? extends Chart> charts) {
    html.append("<div class=\"figures\">");
    for (Chart chart : charts) {
      if (chart instanceof SmallMultiples many) {
        html.append("<figure class=\"whole\">");
        element("figcaption", many.title());
        html.append("<div class=\"multiples\">");
        many.panels().forEach(panel -> html.append(panel.svg()));
        html.append("</div></figure>");
      } else {
        html.append("<figure>").append(chart.svg()).append("</figure>");
      }
    }
    html.append("</div>");
    return this;
  }

  /** Pictures, as many beside each other as fit. */
  public Content pictures(List<Illustration> pictures) {
    html.append("<div class=\"pictures\">");
    for (Illustration one : pictures) {
      html.append("<figure><img alt=\"")
          .append(Markup.escape(one.caption()))
          .append("\" src=\"data:image/png;base64,")
          .append(Base64.getEncoder().encodeToString(one.png()))
          .append("\">");
      element("figcaption", one.caption());
      html.append("</figure>");
    }
    html.append("</div>");
    return this;
  }

  /** Something that opens on a click, and on paper. */
  public Content details(String summary, Consumer<Content> inner) {
    html.append("<details>");
    element("summary", summary);
    var inside = new Content();
    inner.accept(inside);
    html.append(inside.html).append("</details>");
    return this;
  }

  private Content element(String tag, String text) {
    int space = tag.indexOf(' ');
    html.append('<').append(tag).append('>').append(Markup.escape(text));
    html.append("</").append(space < 0 ? tag : tag.substring(0, space)).append('>');
    return this;
  }

  static String anchor(int section) {
    return "s" + section;
  }

  /** Titles of the sections so far. */
  List<String> sections() {
    return sections;
  }

  /** The elements so far, with something put in front of the first section. */
  String html(String inserted) {
    return html.substring(0, before) + inserted + html.substring(before);
  }

  /** The elements so far, as a piece of a page. */
  public String html() {
    return html.toString();
  }
}
