package org.kat4j.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.kat4j.error.UserException;
import org.kat4j.explain.fit.FitData;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.explain.symbolic.FormulaParser;
import org.kat4j.tables.Column;
import org.kat4j.tables.Table;

/** What {@code kat4j fit} is given, as samples. */
final class FitInput {
  private FitInput() {}

  /**
   * A formula, sampled.
   *
   * @param ranges LOW:HIGH of every variable
   * @param choosing whether several fits are to be chosen from
   */
  static FitData ofFormula(
      String text, Map<String, String> ranges, int rows, boolean choosing, long seed) {
    List<String> names = List.copyOf(ranges.keySet());
    if (names.isEmpty()) {
      throw new UserException("--formula needs a --range for every variable: --range x=-1:1");
    }
    Expression expression = FormulaParser.parse(text, names);
    List<FitData.Range> where = ranges.values().stream().map(FitInput::range).toList();
    return choosing
        ? FitData.ofFunction(
            names, "f", where, expression::at, rows, FitData.enoughToChooseBy(rows), seed)
        : FitData.ofFunction(names, "f", where, expression::at, rows, seed);
  }

  private static FitData.Range range(String text) {
    String[] ends = text.split(":", -1);
    try {
      if (ends.length == 2) {
        return new FitData.Range(Double.parseDouble(ends[0]), Double.parseDouble(ends[1]));
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new UserException("--range " + text + ": NAME=LOW:HIGH, such as x=-1:1");
  }

  /**
   * A table.
   *
   * @param features columns to fit with; none named: all columns of numbers that change, and what
   *     is left out is said
   */
  static FitData ofTable(
      Table table, String target, List<String> features, long seed, PrintStream out) {
    double[] targets = table.numbers(target);
    List<String> names = features.isEmpty() ? usable(table, target, out) : features;
    if (names.contains(target)) {
      throw new UserException("--features holds the target " + target);
    }
    return FitData.ofColumns(
        names, names.stream().map(table::numbers).toList(), target, targets, seed);
  }

  private static List<String> usable(Table table, String target, PrintStream out) {
    List<String> names = new ArrayList<>();
    List<String> left = new ArrayList<>();
    for (Column column : table.columns()) {
      if (column.name().equals(target)) {
        continue;
      }
      switch (column) {
        case Column.Numbers(String name, double[] values) -> {
          if (Arrays.stream(values).distinct().count() > 1) {
            names.add(name);
          } else {
            left.add("'" + name + "' (the same everywhere)");
          }
        }
        case Column.Categories words -> left.add("'" + words.name() + "' (words)");
      }
    }
    if (!left.isEmpty()) {
      out.println("columns left out: " + String.join(", ", left));
    }
    return names;
  }
}
