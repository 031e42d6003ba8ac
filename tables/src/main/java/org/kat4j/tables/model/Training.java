package org.kat4j.tables.model;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.data.LastBatch;
import org.kat4j.data.RandomStream;
import org.kat4j.error.DivergedException;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.Optimizer;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * How a network is trained on a table: AdamW on cross entropy or squared error, and the weights of
 * the best validation loss at the end where there are validation rows.
 *
 * <p>Features are taken as they are: scale them before, by the training rows. Targets of a
 * regression are brought to mean 0 and deviation 1 of the training rows and predictions back, if
 * {@code scaledTarget} says so.
 *
 * @param lr learning rate
 * @param weightDecay of AdamW; 0 is Adam
 * @param batch rows of a step; at least as many as there are: the full batch
 * @param epochs at most
 * @param patience epochs without a better validation loss before the end; 0: all epochs
 * @param halveAfter epochs without a better validation loss before the rate is halved; 0: never
 * @param scaledTarget whether a regression's targets are standardised
 * @param dtype float32 or float64
 * @param seed of weights, dropout and the order of rows
 */
public record Training(
    double lr,
    double weightDecay,
    int batch,
    int epochs,
    int patience,
    int halveAfter,
    boolean scaledTarget,
    DType dtype,
    long seed) {
  public Training {
    Check.positive("lr", lr);
    Check.inRange("weightDecay", weightDecay, 0, Double.POSITIVE_INFINITY);
    Check.atLeast("batch", batch, 1);
    Check.atLeast("epochs", epochs, 1);
    Check.atLeast("patience", patience, 0);
    Check.atLeast("halveAfter", halveAfter, 0);
  }

  /** Adam, 1e-3, batches of 64, 100 epochs, float32: sheet 10's, targets standardised. */
  public static Training usual(long seed) {
    return new Training(1e-3, 0, 64, 100, 0, 0, true, DType.FLOAT32, seed);
  }

  public Training withSeed(long other) {
    return new Training(
        lr, weightDecay, batch, epochs, patience, halveAfter, scaledTarget, dtype, other);
  }

  public Training withEpochs(int most) {
    return new Training(
        lr, weightDecay, batch, most, patience, halveAfter, scaledTarget, dtype, seed);
  }

  /**
   * Trains a network; the caller closes it.
   *
   * @param validation rows that choose the epoch; null: the last epoch's weights
   * @throws DivergedException if a loss or the weights are no numbers any more
   */
  public Fitted fit(Network.Spec spec, Problem train, @Nullable Problem validation) {
    Context context =
        new Context(
            Device.CPU, dtype, new org.kat4j.torch.RandomStream(seed), 0, 1, /* fused= */ true);
    Network network = spec.build(train.features().size(), train.outputs(), context);
    Fitted.Target target = target(train);
    try (Rows rows = rows(train, target);
        @Nullable Rows held = validation == null ? null : rows(validation, target)) {
      int epoch = fit(network, train.task(), rows, held);
      return new Fitted(network, train.task(), target, dtype, epoch);
    } catch (RuntimeException failed) {
      Scope.free(StateDict.of(network).values());
      throw failed;
    }
  }

  /** Gives the epoch whose weights the network has in the end. */
  private int fit(Network network, Task task, Rows train, @Nullable Rows validation) {
    SequencedMap<String, Tensor> weights = StateDict.of(network);
    SequencedMap<String, Tensor> trained = StateDict.trained(network);
    Optimizer optimizer =
        new AdamW.Spec(lr, weightDecay, 0.9, 0.999, 1e-8)
            .build(ParameterGroup.single(trained, weightDecay));
    Pass pass = Pass.training(new org.kat4j.torch.RandomStream(seed + 1));
    Map<String, Tensor> best = new LinkedHashMap<>();
    double bestLoss = Double.POSITIVE_INFINITY;
    int bestEpoch = 0;
    double rate = lr;
    int epoch = 0;
    try {
      while (epoch < epochs
          && (validation == null || patience == 0 || epoch - bestEpoch < patience)) {
        epoch++;
        int[] order = RandomStream.of(seed, epoch).permutation(train.count);
        for (int b = 0; b < LastBatch.batches(order.length, batch); b++) {
          int from = b * batch;
          int to = from + Math.min(batch, order.length - from); // batch may be the largest int
          long[] rows = Arrays.stream(order, from, to).asLongStream().toArray();
          finite("training loss", step(network, task, train, rows, pass), epoch);
          optimizer.step(rate);
          StateDict.clearGradients(trained);
        }
        if (validation == null) {
          continue;
        }
        double loss = finite("validation loss", loss(network, task, validation), epoch);
        if (loss < bestLoss) {
          bestLoss = loss;
          bestEpoch = epoch;
          weights.forEach((name, tensor) -> keep(best, name, tensor));
        } else if (halveAfter > 0 && (epoch - bestEpoch) % halveAfter == 0) {
          StateDict.copy(best, weights);
          rate /= 2;
        }
      }
      if (validation != null) {
        StateDict.copy(best, weights);
        return bestEpoch;
      }
      if (StateDict.notFinite(weights).isPresent()) { // by the last step, which no loss has seen
        throw new DivergedException("the weights are no numbers " + remedy(epoch));
      }
      return epoch;
    } finally {
      Scope.free(best.values());
      optimizer.close();
    }
  }

  private double finite(String what, double loss, int epoch) {
    return DivergedException.finite(what, loss, remedy(epoch));
  }

  private String remedy(int epoch) {
    return "in epoch %d: take a lower learning rate than %s, or scale the target"
        .formatted(epoch, lr);
  }

  private static void keep(Map<String, Tensor> best, String name, Tensor tensor) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor old = best.get(name);
      if (old == null) {
        best.put(name, Scope.keep(tensor.detach().clone()));
      } else {
        old.copy_(tensor);
      }
    }
  }

  /** Gives the loss before the step. */
  private static double step(Network network, Task task, Rows rows, long[] chosen, Pass pass) {
    try (Scope _ = Scope.open()) {
      Tensor index = Tensor.create(chosen);
      Tensor outputs = network.forward(rows.x.index_select(0, index), pass);
      Tensor loss = loss(task, outputs, rows.y.index_select(0, index));
      loss.backward();
      return loss.item_double();
    }
  }

  private static double loss(Network network, Task task, Rows rows) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      return loss(task, network.forward(rows.x, Pass.evaluation()), rows.y).item_double();
    }
  }

  static Tensor loss(Task task, Tensor outputs, Tensor y) {
    return switch (task) {
      case CLASSIFICATION -> Losses.crossEntropy(outputs, y, 0);
      case REGRESSION -> Losses.meanSquaredError(outputs, y);
    };
  }

  private Fitted.Target target(Problem train) {
    if (train.task() == Task.CLASSIFICATION || !scaledTarget) {
      return new Fitted.Target(0, 1);
    }
    double mean = Arrays.stream(train.y()).average().orElse(0);
    double variance =
        Arrays.stream(train.y()).map(v -> (v - mean) * (v - mean)).average().orElse(0);
    return new Fitted.Target(mean, variance > 0 ? Math.sqrt(variance) : 1);
  }

  /**
   * A problem's rows as tensors.
   *
   * @param x {@code [rows, features]}
   * @param y {@code [rows]} of classes, {@code [rows, 1]} of numbers
   */
  private record Rows(int count, Tensor x, Tensor y) implements AutoCloseable {
    @Override
    public void close() {
      Scope.free(List.of(x, y));
    }
  }

  private Rows rows(Problem problem, Fitted.Target target) {
    try (Scope _ = Scope.open()) {
      Tensor x = Fitted.tensor(problem.x(), dtype);
      Tensor y =
          switch (problem.task()) {
            case CLASSIFICATION ->
                Tensor.create(Arrays.stream(problem.y()).mapToLong(v -> (long) v).toArray());
            case REGRESSION ->
                Memory.to(
                    Tensor.create(
                        Arrays.stream(problem.y()).map(target::scaled).toArray(),
                        problem.rows(),
                        1),
                    dtype);
          };
      return new Rows(problem.rows(), Scope.keep(x), Scope.keep(y));
    }
  }
}
