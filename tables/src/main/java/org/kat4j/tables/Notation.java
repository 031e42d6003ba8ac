package org.kat4j.tables;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a cell's text is: a number, or what a person takes for a number or a date. */
final class Notation {
  private static final Pattern DECIMAL_COMMA =
      Pattern.compile("[-+]?(\\d+,\\d*|,\\d+)([eE][-+]?\\d+)?");
  private static final Pattern INFINITE = Pattern.compile("(?i)[-+]?(inf|infinity|∞)");

  private static final String SPACE = "[\\s\\p{Z}]*";
  private static final String SIGN = "[-+−–±]?";
  private static final String CURRENCY =
      "(?:[A-Z]{0,2}\\p{Sc}|USD|EUR|GBP|JPY|CHF|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|BRL|R\\$|Rs\\.?|kr\\.?)";
  private static final String DIGITS =
      "(?:\\p{Nd}{1,3}(?:\\.\\p{Nd}{3})+(?:,\\p{Nd}+)?" // 1.234.567,8
          + "|\\p{Nd}{1,3}(?:[,'’_٬\\p{Z}]\\p{Nd}{2,3})+(?:[.,٫]\\p{Nd}+)?" // 1 234 567.8
          + "|\\p{Nd}+(?:_\\p{Nd}+)*(?:[.,٫]\\p{Nd}*)?|[.,٫]\\p{Nd}+"
          + "|\\p{Nd}*[\\u00BC-\\u00BE\\u2150-\\u215E])"; // 1½
  private static final String EXPONENT =
      "(?:[eEdDqQ][-+−]?\\p{Nd}+|" + SPACE + "[x×*·]" + SPACE + "10\\^?[-+−]?\\p{Nd}+)?";
  private static final String VALUE = SIGN + SPACE + DIGITS + EXPONENT;

  /** Group 1: letters of a unit behind the number. */
  private static final Pattern LIKE_A_NUMBER =
      Pattern.compile(
          "[=\\[({'\"‘’“”]*[<>≤≥≈~]*=?"
              + SPACE
              + SIGN
              + SPACE
              + CURRENCY
              + "?"
              + SPACE
              + VALUE
              + SPACE
              + "(?:[%‰°]|"
              + CURRENCY
              + ")?"
              + SPACE
              + "([\\p{L}°µ][\\p{L}\\p{Nd}°µ/²³·^.]{0,11})?"
              + "[-\\])}'\"‘’“”]*");

  /** Of two numbers or more: fractions, complex numbers, errors, other bases. */
  private static final Pattern COMPOSED =
      Pattern.compile(
          VALUE
              + SPACE
              + "(?:/|±|\\+/-|\\+-)"
              + SPACE
              + VALUE
              + "|\\(?"
              + VALUE
              + SPACE
              + "[-+]"
              + SPACE
              + DIGITS
              + EXPONENT
              + "[ij]\\)?"
              + "|"
              + VALUE
              + "\\(\\d+\\)"
              + "|"
              + SIGN
              + "0[xXbBoO]\\p{XDigit}+");

  private static final String TIME =
      "\\d{1,2}:\\d{2}(:\\d{2}([.,]\\d+)?)?(\\s?[AaPp]\\.?[Mm]\\.?)?";
  private static final String MONTH =
      "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\\p{L}*\\.?";
  private static final Pattern DATE =
      Pattern.compile(
          "(\\d{4}[-/.]\\d{1,2}([-/.]\\d{1,2})?|\\d{1,2}[-/.]\\d{1,2}[-/.](\\d{4}|\\d{2})"
              + "|\\d{1,2}\\.?[ -]"
              + MONTH
              + "([ ,-]+\\d{2,4})?|"
              + MONTH
              + " \\d{1,2}(, ?\\d{4})?|"
              + MONTH
              + "[ -]\\d{4})([T ]"
              + TIME
              + "\\s*(Z|UTC|[-+]\\d{2}:?\\d{2})?)?|"
              + TIME);

  /** Longer texts are no numbers: patterns with alternatives take time. */
  private static final int LONGEST = 100;

  /** Multiples that may stand in one column: 3k, 2M. */
  private static final Set<String> MULTIPLES = Set.of("k", "K", "M", "B", "G", "T");

  private Notation() {}

  /** A number with a decimal point, or an infinite one. */
  static boolean isNumber(String text) {
    return text.length() <= LONGEST && isFinite(text) || isInfinite(text);
  }

  /** {@code [-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?}, by hand since every cell is looked at. */
  private static boolean isFinite(String text) {
    int start = behindSign(text, 0);
    int point = behindDigits(text, start);
    int end = at(text, point) == '.' ? behindDigits(text, point + 1) : point;
    int digits = end - start - (end > point ? 1 : 0);
    if (digits > 0 && (at(text, end) == 'e' || at(text, end) == 'E')) {
      int exponent = behindSign(text, end + 1);
      end = behindDigits(text, exponent);
      digits = end - exponent;
    }
    return digits > 0 && end == text.length();
  }

  private static int behindSign(String text, int from) {
    return at(text, from) == '-' || at(text, from) == '+' ? from + 1 : from;
  }

  private static int behindDigits(String text, int from) {
    int end = from;
    while (at(text, end) >= '0' && at(text, end) <= '9') {
      end++;
    }
    return end;
  }

  private static char at(String text, int place) {
    return place < text.length() ? text.charAt(place) : 0;
  }

  private static boolean isInfinite(String text) {
    return text.length() <= 9 && INFINITE.matcher(text).matches();
  }

  /** The value of {@link #isNumber}. */
  static double number(String text) {
    if (!isFinite(text)) {
      return text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    return Double.parseDouble(text);
  }

  static boolean isDecimalComma(String text) {
    return text.length() <= LONGEST && DECIMAL_COMMA.matcher(text).matches();
  }

  /** The value of {@link #isDecimalComma}. */
  static double decimalComma(String text) {
    return Double.parseDouble(text.replace(',', '.'));
  }

  /** Anything that is no name: a number in whatever notation, a date, a time. */
  static boolean isValue(String text) {
    return isNumber(text) || isDate(text) || likeNumbers(List.of(text)).contains(text);
  }

  static boolean isDate(String text) {
    return text.length() <= LONGEST && DATE.matcher(text).matches();
  }

  /** The words that a person takes for numbers. A unit must be the same in all of them. */
  static Set<String> likeNumbers(Collection<String> words) {
    Set<String> like = new HashSet<>();
    Set<String> withUnit = new HashSet<>();
    Set<String> units = new HashSet<>();
    for (String word : words) {
      Matcher number = LIKE_A_NUMBER.matcher(word);
      if (word.length() > LONGEST) {
        continue;
      } else if (COMPOSED.matcher(word).matches()) {
        like.add(word);
      } else if (number.matches()) {
        String unit = number.group(1);
        if (unit == null) {
          like.add(word);
        } else {
          withUnit.add(word);
          units.add(unit);
        }
      }
    }
    // Two words such as 2D and 3D are names; three amounts of one unit are not.
    if (withUnit.size() >= 3 && (units.size() == 1 || MULTIPLES.containsAll(units))) {
      like.addAll(withUnit);
    }
    return like;
  }
}
