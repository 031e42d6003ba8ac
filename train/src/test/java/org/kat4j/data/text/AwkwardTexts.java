package org.kat4j.data.text;

import java.util.List;
import org.jspecify.annotations.NullMarked;

/** Texts that what reads text gets wrong. */
@NullMarked
final class AwkwardTexts {
  static final List<String> ALL =
      List.of(
          "",
          "plain",
          "two\r\nlines\r\n",
          "nul \0 and escape \u001b[31m",
          "e\u0301 and \u00e9 are written alike",
          "👩‍👩‍👧 👍🏽 🇫🇷",
          "\uFEFFmark inside \uFEFF",
          "real \uFFFD replacement",
          "end \uFFFD",
          "שלום עולם, 中文。",
          "\u2028\u2029\u0085\t  blanks \u00a0",
          "\uDBFF\uDFFF last of all",
          "'\"\\{}[]:#%&");

  private AwkwardTexts() {}
}
