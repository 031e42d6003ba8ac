package org.kat4j.sentences;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Javadoc comments as plain text. */
final class Javadoc {
  private static final Pattern BLOCK = Pattern.compile("(?m)^\\s*(?=@[a-z])");
  private static final Pattern LINK =
      Pattern.compile("\\{@(?:link|linkplain)\\s+([^\\s}]+)(?:\\s+([^}]*))?\\}");
  private static final Pattern CODE = Pattern.compile("\\{@(?:code|literal)\\s+([^}]*)\\}");
  private static final Pattern TAG = Pattern.compile("</?[a-zA-Z][^<>]*>");
  private static final Pattern PARAGRAPH = Pattern.compile("<p>");

  private Javadoc() {}

  /** The first paragraph and each {@code @param}: name, tab, text. */
  static String lines(String comment) {
    StringBuilder lines = new StringBuilder();
    String[] blocks = BLOCK.split(comment);
    append(lines, "", PARAGRAPH.split(blocks[0], 2)[0]);
    Arrays.stream(blocks)
        .filter(block -> block.startsWith("@param "))
        .map(block -> block.substring("@param ".length()).strip().split("\\s+", 2))
        .filter(param -> param.length == 2)
        .forEach(param -> append(lines, param[0], param[1]));
    return lines.toString();
  }

  private static void append(StringBuilder lines, String name, String text) {
    String plain = plain(text);
    if (!plain.isEmpty()) {
      lines.append(name).append('\t').append(plain).append('\n');
    }
  }

  /** Without tags and entities, on one line. */
  static String plain(String text) {
    String joined = text.replaceAll("\\s+", " ");
    String linked =
        LINK.matcher(joined)
            .replaceAll(link -> {
              String label = link.group(2);
              String shown =
                  label == null || label.isBlank()
                      ? link.group(1)
                          .replaceAll(".*#(?=.)|\\(.*\\)|^org\\.kat4j\\..*\\.(?=[A-Z])", "")
                      : label;
              return Matcher.quoteReplacement(shown);
            });
    String coded = CODE.matcher(linked).replaceAll("$1");
    return TAG.matcher(coded)
        .replaceAll("")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
        .strip();
  }
}
