package org.kat4j.explain.page;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.kat4j.explain.figure.Markup;

/**
 * Rows under a head; columns of numbers are set to the right.
 *
 * @param head names of the columns
 * @param rows as many cells each as there are columns
 */
public record Table(List<String> head, List<List<String>> rows) {
  private static final Pattern NUMBER =
      Pattern.compile("[-+−±]?[0-9∞–][0-9.,e−±–\\[\\] -]*( ?%)?|");

  public Table {
    head = List.copyOf(head);
    rows = rows.stream().map(List::copyOf).toList();
    for (List<String> row : rows) {
      if (row.size() != head.size()) {
        throw new IllegalArgumentException(
            "a row of " + row.size() + " cells under " + head.size() + " columns");
      }
    }
  }

  /** A table without rows yet. */
  public static Table of(String... head) {
    return new Table(List.of(head), List.of());
  }

  /** The table with one more row. */
  public Table row(String... cells) {
    var more = new ArrayList<>(rows);
    more.add(List.of(cells));
    return new Table(head, more);
  }

  String html() {
    var html = new StringBuilder("<div class=\"wide\"><table><thead><tr>");
    boolean[] numbers = new boolean[head.size()];
    for (int c = 0; c < head.size(); c++) {
      int column = c;
      numbers[c] =
          c > 0 && rows.stream().allMatch(row -> NUMBER.matcher(row.get(column)).matches());
      html.append(numbers[c] ? "<th class=\"number\">" : "<th>")
          .append(Markup.escape(head.get(c)))
          .append("</th>");
    }
    html.append("</tr></thead><tbody>");
    for (List<String> row : rows) {
      html.append("<tr>");
      for (int c = 0; c < row.size(); c++) {
        html.append(numbers[c] ? "<td class=\"number\">" : "<td>")
            .append(Markup.escape(row.get(c)))
            .append("</td>");
      }
      html.append("</tr>");
    }
    return html.append("</tbody></table></div>").toString();
  }
}
