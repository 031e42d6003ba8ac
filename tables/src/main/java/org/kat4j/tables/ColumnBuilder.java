package org.kat4j.tables;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.kat4j.error.OneLine;
import org.kat4j.error.UserException;

/**
 * One column while its cells come in, and what they turn out to be: numbers if every value is one,
 * words if none is. Anything else is refused, and so are words that a person takes for numbers or
 * dates: nothing becomes words in silence.
 */
final class ColumnBuilder {
  private static final int NUMBER = -1;
  private static final int NOTHING = -2;

  private final String name;
  private final boolean asWords;
  private final Map<String, Integer> words = new LinkedHashMap<>();
  private double[] values = new double[16];
  private int[] codes = new int[16]; // NUMBER, NOTHING or a word's place
  private int rows;
  private int numbers;
  private String pointed = ""; // the first number with a decimal point

  /**
   * @param asWords whether numbers are words too
   */
  ColumnBuilder(String name, boolean asWords) {
    this.name = name;
    this.asWords = asWords;
  }

  void addNothing() {
    add(Double.NaN, NOTHING);
  }

  void add(double value) {
    if (Double.isNaN(value)) {
      addNothing();
    } else if (asWords) {
      add(value == Math.rint(value) && Math.abs(value) < 1e15 ? "" + (long) value : "" + value);
    } else {
      add(value, NUMBER);
    }
  }

  void add(String cell) {
    if (cell.isEmpty()) {
      addNothing();
    } else if (!asWords && Notation.isNumber(cell)) {
      if (pointed.isEmpty() && cell.indexOf('.') >= 0) {
        pointed = cell;
      }
      add(Notation.number(cell), NUMBER);
    } else {
      Integer known = words.get(cell);
      add(Double.NaN, known != null ? known : code(OneLine.of(cell)));
    }
  }

  private int code(String word) {
    return words.computeIfAbsent(word, _ -> words.size());
  }

  private void add(double value, int code) {
    if (rows == values.length) {
      values = Arrays.copyOf(values, 2 * rows);
      codes = Arrays.copyOf(codes, 2 * rows);
    }
    numbers += code == NUMBER ? 1 : 0;
    values[rows] = value;
    codes[rows++] = code;
  }

  /** The column, and what was decided about it. */
  record Built(Column column, Map<String, Integer> marks, boolean decimalComma) {}

  /**
   * The column of all cells so far.
   *
   * @param commas whether numbers may have a decimal comma
   * @throws UserException if it is a mixture, or words that look like numbers
   */
  Built build(Reading reading, boolean commas) {
    Map<String, Integer> marks = takeMarks(reading);
    List<String> left =
        words.entrySet().stream().filter(w -> w.getValue() >= 0).map(Map.Entry::getKey).toList();
    if (asWords && !left.isEmpty()) {
      return new Built(asWords(left), marks, false);
    }
    boolean decimalComma =
        commas && !left.isEmpty() && left.stream().allMatch(Notation::isDecimalComma);
    if (decimalComma) {
      takeCommas();
    } else if (!left.isEmpty() && numbers > 0) {
      throw mixture(left);
    } else if (!left.isEmpty()) {
      refuseValues(left);
      return new Built(asWords(left), marks, false);
    }
    return new Built(new Column.Numbers(name, finite()), marks, decimalComma);
  }

  /** Turns marks of missing values into nothing; gives how often each stood there. */
  private Map<String, Integer> takeMarks(Reading reading) {
    Set<String> taken = new HashSet<>();
    for (String word : words.keySet()) {
      // Classes that are called + and - are no missing values.
      if (reading.isMissing(word) && !(word.equals("-") && words.containsKey("+"))) {
        taken.add(word);
      }
    }
    Map<String, Integer> counts = new LinkedHashMap<>();
    if (taken.isEmpty()) {
      return counts;
    }
    List<String> byCode = List.copyOf(words.keySet());
    for (int i = 0; i < rows; i++) {
      if (codes[i] >= 0 && taken.contains(byCode.get(codes[i]))) {
        counts.merge(byCode.get(codes[i]), 1, Integer::sum);
        codes[i] = NOTHING;
      }
    }
    taken.forEach(word -> words.put(word, NOTHING));
    return counts;
  }

  private void takeCommas() {
    if (!pointed.isEmpty()) {
      throw new UserException(
          "column '%s' holds numbers with a decimal comma and with a point, such as '%s': write all in one way"
              .formatted(name, pointed));
    }
    List<String> byCode = List.copyOf(words.keySet());
    for (int i = 0; i < rows; i++) {
      if (codes[i] >= 0) {
        values[i] = Notation.decimalComma(byCode.get(codes[i]));
        codes[i] = NUMBER;
      }
    }
  }

  private UserException mixture(List<String> left) {
    Map<Integer, String> byCode = new LinkedHashMap<>();
    left.forEach(word -> byCode.put(words.get(word), word));
    int first = 0;
    while (!byCode.containsKey(codes[first])) {
      first++;
    }
    long count = Arrays.stream(codes, 0, rows).filter(byCode::containsKey).count();
    String word = shown(byCode.getOrDefault(codes[first], ""));
    return new UserException(
        ("column '%s' holds numbers, but row %d is '%s' (%d such row%s): correct them, or say"
                + " --missing-marks '%s' if that means no value, --categories %s to take the column as"
                + " words, --drop %s to leave it out")
            .formatted(
                name, first + 1, word, count, count == 1 ? "" : "s", word, quoted(), quoted()));
  }

  private void refuseValues(List<String> left) {
    List<String> dates = left.stream().filter(Notation::isDate).toList();
    Set<String> like = Notation.likeNumbers(left);
    boolean mostDates = 2 * dates.size() > left.size();
    if (!mostDates && 2 * like.size() <= left.size()) {
      return;
    }
    List<String> examples = mostDates ? dates : left.stream().filter(like::contains).toList();
    String shown =
        String.join(", ", examples.stream().limit(3).map(w -> "'" + shown(w) + "'").toList());
    String what =
        mostDates
            ? "holds dates or times: %s; turn them into numbers"
            : examples.stream().allMatch(Notation::isDecimalComma)
                ? "looks like numbers with a decimal comma: %s; that is read where cells end at a"
                    + " semicolon or tab"
                : "looks like numbers in another notation: %s; write them with digits and a decimal"
                    + " point";
    throw new UserException(
        "column '%s' %s, or say --categories %s to take it as words, --drop %s to leave it out"
            .formatted(name, what.formatted(shown), quoted(), quoted()));
  }

  /** The name as an option takes it. */
  private String quoted() {
    String whole = name.matches(".*,(?! ).*") ? '"' + name + '"' : name; // not cut at the comma
    return whole.matches("[\\w.]+") ? whole : "'" + whole + "'";
  }

  private static String shown(String word) {
    return word.length() > 40 ? word.substring(0, 40) + " …" : word;
  }

  private double[] finite() {
    double[] found = Arrays.copyOf(values, rows);
    for (int i = 0; i < rows; i++) {
      found[i] = codes[i] == NUMBER ? found[i] : Double.NaN;
      if (Double.isInfinite(found[i])) {
        throw new UserException(
            "column '%s', row %d is infinite; correct it or leave it empty".formatted(name, i + 1));
      }
    }
    return found;
  }

  private Column.Categories asWords(List<String> left) {
    List<String> levels = new ArrayList<>(left);
    levels.sort(order(levels));
    int[] place = new int[words.size()];
    for (int level = 0; level < levels.size(); level++) {
      place[words.getOrDefault(levels.get(level), 0)] = level;
    }
    int[] found = Arrays.stream(codes, 0, rows).map(code -> code < 0 ? -1 : place[code]).toArray();
    return new Column.Categories(name, levels, found);
  }

  /** By number if all are numbers, else by letters. */
  private static Comparator<String> order(List<String> levels) {
    return levels.stream().allMatch(Notation::isNumber)
        ? Comparator.comparingDouble(Notation::number)
        : Comparator.naturalOrder();
  }
}
