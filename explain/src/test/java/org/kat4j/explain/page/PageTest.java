package org.kat4j.explain.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class PageTest {
  private static final String HOSTILE = "<script>alert(1)</script>\" onload=\"x";

  @Test
  void everythingGivenAsTextIsEscaped() {
    Content content =
        new Content()
            .lead(HOSTILE)
            .section(HOSTILE)
            .heading(HOSTILE)
            .text(HOSTILE)
            .note(HOSTILE)
            .code(HOSTILE)
            .cards(new Card(HOSTILE, HOSTILE, HOSTILE))
            .table(Table.of(HOSTILE).row(HOSTILE))
            .pictures(List.of(new Illustration(new byte[] {1}, HOSTILE)))
            .details(HOSTILE, inner -> inner.text(HOSTILE))
            .section("b")
            .section("c");
    String html = new Page(HOSTILE, content).html();
    assertThat(html).doesNotContain("<script").doesNotContain("\" onload=\"");
    assertThat(html).contains("&lt;script&gt;alert(1)");
  }

  @Test
  void aPageAsksForNothingFromOutside() {
    String html = new Page("p", new Content().text("t")).html();
    assertThat(html).contains("default-src 'none'");
    assertThat(html).doesNotContain("http:").doesNotContain("https:").doesNotContain("url(");
  }

  @Test
  void sectionsAreListedOnceThereAreSome() {
    Content content = new Content().section("one").section("two");
    assertThat(new Page("p", content).html()).doesNotContain("<nav>");
    content.section("three");
    assertThat(new Page("p", content).html())
        .contains("<a href=\"#s3\">three</a>")
        .contains("<h2 id=\"s3\">three</h2>");
  }

  @Test
  void columnsOfNumbersAreSetToTheRight() {
    String html =
        Table.of("model", "top-1", "note").row("a", "93.2 %", "x").row("b", "–", "y").html();
    assertThat(html).contains("<td class=\"number\">93.2 %</td>").contains("<td>x</td>");
    assertThatThrownBy(() -> Table.of("a", "b").row("1")).hasMessageContaining("1 cells");
  }
}
