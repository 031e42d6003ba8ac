package org.kat4j.lab.network;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.lab.Trial;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;

/**
 * Rows on a device.
 *
 * @param x {@code [rows, inputs]}
 * @param y {@code [rows, outputs]}, or the classes {@code [rows]}
 * @param classes whether targets are classes
 * @param device they are on
 */
record Placed(Tensor x, Tensor y, boolean classes, Device device) {
  private static final int ROWS_AT_ONCE = 2000; // of an evaluation

  static Placed of(Rows rows, Rows.Part part, Device device) {
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
    return new Placed(Memory.to(x, device), Memory.to(y, device), rows.classes(), device);
  }

  /** The network of a trial's arm. */
  static Network network(Trial trial, int inputs, int outputs) {
    Context context =
        new Context(
            trial.place().device(), DType.FLOAT32, new RandomStream(trial.seed()), 0, 1, true);
    return ((Network.Spec) trial.arm().spec()).build(inputs, outputs, context);
  }

  long size() {
    return x.size(0);
  }

  /** The rows that stand at a place of an order; all rows as they are where that is all. */
  Placed batch(int[] order, int from, int size) {
    int count = Math.min(size, order.length - from);
    if (count == order.length) {
      return this;
    }
    long[] chosen = new long[count];
    for (int i = 0; i < count; i++) {
      chosen[i] = order[from + i];
    }
    Tensor index = Memory.to(Tensor.create(chosen), device);
    return new Placed(x.index_select(0, index), y.index_select(0, index), classes, device);
  }

  /** Cross entropy, or the mean squared error. */
  Tensor loss(Network network, RandomStream random) {
    Tensor out = network.forward(x, Pass.training(random)); // [rows, outputs]
    return classes ? Losses.crossEntropy(out, y, 0) : Losses.meanSquaredError(out, y);
  }

  /** Percent of right classes, or the root of the mean squared error. */
  double score(Network network) {
    double sum = 0;
    try (var _ = Scope.noGradients()) {
      for (long from = 0; from < size(); from += ROWS_AT_ONCE) {
        try (Scope _ = Scope.open()) {
          long count = Math.min(ROWS_AT_ONCE, size() - from);
          Tensor out = network.forward(x.narrow(0, from, count), Pass.evaluation());
          Tensor wanted = y.narrow(0, from, count);
          sum +=
              classes
                  ? Losses.countInTop(out, wanted, 1).item_long()
                  : out.sub(wanted).square().sum().item_double();
        }
      }
    }
    return classes ? 100 * sum / size() : Math.sqrt(sum / y.numel());
  }
}
