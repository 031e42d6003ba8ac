package org.kat4j.lab.network;

import java.util.List;

/** Widths of all layers, inputs and outputs included. */
final class Widths {
  private Widths() {}

  static int[] of(int in, List<Integer> hidden, int out) {
    int[] widths = new int[hidden.size() + 2];
    widths[0] = in;
    for (int l = 0; l < hidden.size(); l++) {
      widths[l + 1] = hidden.get(l);
    }
    widths[widths.length - 1] = out;
    return widths;
  }
}
