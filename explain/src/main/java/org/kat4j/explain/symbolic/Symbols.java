package org.kat4j.explain.symbolic;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What columns are called in a formula: their own names where {@link FormulaParser} reads these as
 * variables, else stand-ins such as {@code x_1}.
 *
 * @param names one a column, all different
 * @param legend the column's own name behind every stand-in
 */
public record Symbols(List<String> names, Map<String, String> legend) {
  public Symbols {
    names = List.copyOf(names);
  }

  /** A stand-in carries the place of its column, counted from 1. */
  public static Symbols of(List<String> columns) {
    List<String> names = new ArrayList<>();
    Map<String, String> legend = new LinkedHashMap<>();
    for (int i = 0; i < columns.size(); i++) {
      String name = columns.get(i);
      if (!FormulaParser.isName(name)) {
        String letter = "x";
        while (columns.contains(letter + "_" + (i + 1))) {
          letter += "x";
        }
        legend.put(letter + "_" + (i + 1), name);
        name = letter + "_" + (i + 1);
      }
      names.add(name);
    }
    return new Symbols(names, legend);
  }
}
