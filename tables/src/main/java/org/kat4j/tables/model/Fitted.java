package org.kat4j.tables.model;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;
import org.kat4j.torch.DType;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * A trained network; its tensors are freed when it is closed.
 *
 * @param network in evaluation mode
 * @param task classes or a number
 * @param target how targets were scaled
 * @param dtype of its tensors
 * @param epoch whose weights it has
 */
public record Fitted(Network network, Task task, Target target, DType dtype, int epoch)
    implements Predictor, AutoCloseable {
  private static final int ROWS_AT_ONCE = 4096;

  /** target = mean + deviation * network. */
  public record Target(double mean, double deviation) {
    double scaled(double y) {
      return (y - mean) / deviation;
    }
  }

  @Override
  public double[][] predict(double[][] x) {
    double[][] all = new double[x.length][];
    for (int from = 0; from < x.length; from += ROWS_AT_ONCE) {
      double[][] part = Arrays.copyOfRange(x, from, Math.min(x.length, from + ROWS_AT_ONCE));
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        Tensor outputs = network.forward(tensor(part, dtype), Pass.evaluation());
        Tensor given =
            task == Task.CLASSIFICATION
                ? Losses.probabilities(Memory.to(outputs, DType.FLOAT64))
                : outputs;
        double[] flat = Memory.doubles(given);
        int width = flat.length / part.length;
        for (int i = 0; i < part.length; i++) {
          all[from + i] = Arrays.copyOfRange(flat, i * width, (i + 1) * width);
          if (task == Task.REGRESSION) {
            all[from + i][0] = target.mean + target.deviation * all[from + i][0];
          }
        }
      }
    }
    return all;
  }

  /** The loss that training made small, on these rows. */
  public double loss(Problem problem) {
    double[][] predictions = predict(problem.x());
    double sum = 0;
    for (int i = 0; i < predictions.length; i++) {
      sum +=
          switch (task) {
            case CLASSIFICATION ->
                -Math.log(Math.max(predictions[i][(int) problem.y()[i]], Double.MIN_NORMAL));
            case REGRESSION ->
                square(target.scaled(predictions[i][0]) - target.scaled(problem.y()[i]));
          };
    }
    return sum / predictions.length;
  }

  private static double square(double x) {
    return x * x;
  }

  /** {@code [rows, features]}. */
  public static Tensor tensor(double[][] x, DType dtype) {
    double[] flat = new double[Math.multiplyExact(x.length, x[0].length)];
    for (int i = 0; i < x.length; i++) {
      System.arraycopy(x[i], 0, flat, i * x[i].length, x[i].length);
    }
    return Memory.to(Tensor.create(flat, x.length, x[0].length), dtype);
  }

  @Override
  public void close() {
    StateDict.free(network);
  }
}
