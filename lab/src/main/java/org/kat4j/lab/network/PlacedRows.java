package org.kat4j.lab.network;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;

/**
 * Rows on a device: cross entropy and percent of right classes, or squared error and its root.
 *
 * @param x {@code [rows, inputs]}
 * @param y {@code [rows, outputs]}, or the class of each row, int64
 * @param classes whether targets are classes
 */
public record PlacedRows(Tensor x, Tensor y, boolean classes) {
  private static final int ROWS_AT_ONCE = 2000; // of an evaluation

  /** A part of some rows; the tensors belong to the caller's scope. */
  public static PlacedRows of(Rows rows, Rows.Part part, Device device) {
    int n = rows.size(part);
    Tensor x = Tensor.create(part.x(), n, rows.inputs());
    Tensor y;
    if (rows.classes()) {
      long[] labels = new long[n];
      for (int i = 0; i < n; i++) {
        labels[i] = (long) part.y()[i];
      }
      y = Tensor.create(labels);
    } else {
      y = Tensor.create(part.y(), n, rows.outputs());
    }
    return new PlacedRows(Memory.to(x, device), Memory.to(y, device), rows.classes());
  }

  public int size() {
    return (int) x.size(0);
  }

  /** At most {@code size} rows in the given order, from its place {@code from} on. */
  public PlacedRows batch(int[] order, int from, int size) {
    int count = Math.min(size, order.length - from);
    if (count == size()) {
      return this;
    }
    long[] chosen = new long[count];
    for (int i = 0; i < count; i++) {
      chosen[i] = order[from + i];
    }
    Tensor index = Memory.to(Tensor.create(chosen), Device.of(x));
    return new PlacedRows(x.index_select(0, index), y.index_select(0, index), classes);
  }

  /** What training makes small, with the graph that leads to it. */
  public Tensor loss(Network network, RandomStream random) {
    Tensor out = network.forward(x, Pass.training(random)); // [rows, outputs]
    return classes ? Losses.crossEntropy(out, y, 0) : Losses.meanSquaredError(out, y);
  }

  /** Percent of right classes, or the root of the mean squared error. */
  public double score(Network network) {
    double sum = 0;
    try (var _ = Scope.noGradients()) {
      for (long from = 0; from < size(); from += ROWS_AT_ONCE) {
        try (Scope _ = Scope.open()) {
          long count = Math.min(ROWS_AT_ONCE, size() - from);
          Tensor out = network.forward(x.narrow(0, from, count), Pass.evaluation());
          Tensor target = y.narrow(0, from, count);
          sum +=
              classes
                  ? Losses.countInTop(out, target, 1).item_long()
                  : out.sub(target).square().sum().item_double();
        }
      }
    }
    return classes ? 100 * sum / size() : Math.sqrt(sum / y.numel());
  }
}
