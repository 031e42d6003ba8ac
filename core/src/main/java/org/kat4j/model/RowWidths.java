package org.kat4j.model;

import java.util.List;
import org.kat4j.config.Check;

/** Widths of all layers of a network on rows, inputs and outputs included. */
final class RowWidths {
  private static final int WIDEST = 1 << 20;

  private RowWidths() {}

  /** What one layer costs. */
  interface Cost {
    long of(int in, int out);
  }

  static void check(int features, List<Integer> hidden, int outputs) {
    Check.between("features", features, 1, WIDEST);
    Check.between("outputs", outputs, 1, WIDEST);
    hidden.forEach(width -> Check.between("hidden", width, 1, WIDEST));
  }

  static int[] of(int features, List<Integer> hidden, int outputs) {
    int[] widths = new int[hidden.size() + 2];
    widths[0] = features;
    for (int l = 0; l < hidden.size(); l++) {
      widths[l + 1] = hidden.get(l);
    }
    widths[widths.length - 1] = outputs;
    return widths;
  }

  static long sum(int features, List<Integer> hidden, int outputs, Cost cost) {
    int[] widths = of(features, hidden, outputs);
    long sum = 0;
    for (int l = 1; l < widths.length; l++) {
      sum += cost.of(widths[l - 1], widths[l]);
    }
    return sum;
  }
}
