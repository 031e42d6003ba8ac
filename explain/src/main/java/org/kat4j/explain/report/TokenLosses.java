package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.text.TokenBatch;
import org.kat4j.explain.figure.Point;
import org.kat4j.model.TokenModel;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * The cross entropy of the tokens of some windows, in nats, summed by their place in the window.
 *
 * @param windows how many were measured
 * @param sums of the losses at each place
 * @param squares of the squared losses at each place
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record TokenLosses(int windows, double[] sums, double[] squares) {
  private static final double Z = 1.959963984540054; // of a two-sided interval of 95 %
  private static final long LOGITS_AT_ONCE = 1L << 24;
  private static final double BINS_OF_OCTAVE = 4;

  /** Measures a model on all windows of a probe, on the device of its weights. */
  static TokenLosses of(TokenModel model, TextProbe probe) {
    Device device = Device.of(StateDict.of(model).firstEntry().getValue());
    long logitsOfWindow = (long) probe.context() * model.spec().signature().outputs();
    int atOnce = (int) Math.clamp(LOGITS_AT_ONCE / logitsOfWindow, 1, 64);
    double[] sums = new double[probe.context()];
    double[] squares = new double[probe.context()];
    for (int from = 0; from < probe.starts().length; from += atOnce) {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        TokenBatch batch = probe.batch(from, atOnce, device);
        Tensor logits = model.forward(batch.read(), Pass.evaluation()); // [windows, context, all]
        double[] losses =
            Memory.doubles(Losses.crossEntropies(logits.flatten(0, 1), batch.next().flatten()));
        for (int i = 0; i < losses.length; i++) {
          sums[i % sums.length] += losses[i];
          squares[i % sums.length] += losses[i] * losses[i];
        }
      }
    }
    return new TokenLosses(probe.starts().length, sums, squares);
  }

  /** Mean of all tokens, with an interval of 95 % that takes tokens for independent. */
  Point mean() {
    return mean(0, sums.length, 0);
  }

  /**
   * Means over the places of the window, four to a doubling, with their intervals.
   *
   * @return points at the middle of their places, counted from 1
   */
  List<Point> byPlace() {
    var points = new ArrayList<Point>();
    int from = 0;
    while (from < sums.length) {
      double end = Math.pow(2, (Math.floor(BINS_OF_OCTAVE * log2(from + 1)) + 1) / BINS_OF_OCTAVE);
      int to = Math.clamp((int) Math.ceil(end) - 1, from + 1, sums.length);
      boolean fewAreLeft = sums.length - to < (to - from) / 2;
      to = fewAreLeft ? sums.length : to;
      points.add(mean(from, to, (from + 1 + to) / 2.0));
      from = to;
    }
    return points;
  }

  private static double log2(double x) {
    return Math.log(x) / Math.log(2);
  }

  /** Of the places from one to before another. */
  private Point mean(int from, int to, double x) {
    double count = (double) windows * (to - from);
    double mean = Arrays.stream(sums, from, to).sum() / count;
    double variance = Math.max(0, Arrays.stream(squares, from, to).sum() / count - mean * mean);
    double half = Z * Math.sqrt(variance / count);
    return Point.between(x, mean - half, mean, mean + half);
  }
}
