package org.kat4j.tables.model;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.RowBatch;
import org.kat4j.model.RowModel;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;
import org.kat4j.torch.DType;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;

/**
 * A trained network; its tensors are freed when it is closed.
 *
 * @param network in evaluation mode
 * @param task classes or a number
 * @param target how targets were scaled
 * @param dtype of its tensors
 * @param epoch whose weights it has
 */
public record Fitted(RowModel network, Task task, Target target, DType dtype, int epoch)
    implements Predictor, AutoCloseable {
  private static final int ROWS_AT_ONCE = 4096;

  /** target = mean + deviation * network. */
  public record Target(double mean, double deviation) {
    /** The network gives the target itself. */
    public static final Target AS_IT_IS = new Target(0, 1);

    /** Brings a regression's targets to mean 0 and deviation 1; classes stay. */
    public static Target of(Problem train) {
      if (train.task() == Task.CLASSIFICATION) {
        return AS_IT_IS;
      }
      double mean = Arrays.stream(train.y()).average().orElse(0);
      double variance =
          Arrays.stream(train.y()).map(v -> (v - mean) * (v - mean)).average().orElse(0);
      return new Target(mean, variance > 0 ? Math.sqrt(variance) : 1);
    }

    double scaled(double y) {
      return (y - mean) / deviation;
    }

    /** A problem's rows with scaled targets; the tensors are the caller's. */
    public RowBatch rows(Problem problem, DType dtype) {
      try (Scope _ = Scope.open()) {
        Tensor x = tensor(problem.x(), dtype);
        Tensor y =
            switch (problem.task()) {
              case CLASSIFICATION ->
                  Tensor.create(Arrays.stream(problem.y()).mapToLong(v -> (long) v).toArray());
              case REGRESSION ->
                  Memory.to(
                      Tensor.create(
                          Arrays.stream(problem.y()).map(this::scaled).toArray(),
                          problem.rows(),
                          1),
                      dtype);
            };
        return new RowBatch(Scope.keep(x), Scope.keep(y));
      }
    }

    /** No rows, of a problem's kind. */
    public RowBatch noRows(Problem problem, DType dtype) {
      try (Scope _ = Scope.open()) {
        RowBatch one = rows(problem.rows(new int[] {0}), dtype);
        try (Tensor x = one.x();
            Tensor y = one.y()) {
          return new RowBatch(Scope.keep(x.narrow(0, 0, 0)), Scope.keep(y.narrow(0, 0, 0)));
        }
      }
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
    network.close();
  }
}
