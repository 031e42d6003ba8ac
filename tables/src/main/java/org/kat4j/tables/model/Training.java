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
import org.kat4j.error.UserException;
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
   * @throws UserException if the loss is not a number any more
   */
  public Fitted fit(Network.Spec spec, Problem train, @Nullable Problem validation) {
    Context context =
        new Context(
            Device.CPU, dtype, new org.kat4j.torch.RandomStream(seed), 0, 1, /* fused= */ true);
    Network network = spec.build(train.features().size(), train.outputs(), context);
    Fitted.Target target = target(train);
    Tensor x = rows(train);
    Tensor y = targets(train, target);
    Tensor validationX = validation == null ? x : rows(validation);
    Tensor validationY = validation == null ? y : targets(validation, target);
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
    while (epoch < epochs
        && (validation == null || patience == 0 || epoch - bestEpoch < patience)) {
      epoch++;
      int[] order = RandomStream.of(seed, epoch).permutation(train.rows());
      for (int b = 0; b < LastBatch.batches(order.length, batch); b++) {
        int from = b * batch;
        long[] chosen =
            Arrays.stream(order, from, Math.min(batch, order.length - from) + from)
                .asLongStream()
                .toArray();
        step(network, train.task(), x, y, chosen, pass);
        optimizer.step(rate);
        StateDict.clearGradients(trained);
      }
      if (validation != null) {
        double loss = loss(network, train.task(), validationX, validationY);
        if (Double.isNaN(loss)) {
          throw new UserException(
              "the validation loss is not a number after epoch %d: take a lower learning rate than %s"
                  .formatted(epoch, lr));
        }
        if (loss < bestLoss) {
          bestLoss = loss;
          bestEpoch = epoch;
          weights.forEach((name, tensor) -> keep(best, name, tensor));
        } else if (halveAfter > 0 && (epoch - bestEpoch) % halveAfter == 0) {
          StateDict.copy(best, weights);
          rate /= 2;
        }
      }
    }
    if (validation != null) {
      StateDict.copy(best, weights);
      Scope.free(List.of(validationX, validationY));
    }
    Scope.free(best.values());
    Scope.free(optimizer.state().values());
    Scope.free(List.of(x, y));
    return new Fitted(network, train.task(), target, dtype, validation == null ? epoch : bestEpoch);
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

  private void step(Network network, Task task, Tensor x, Tensor y, long[] chosen, Pass pass) {
    try (Scope _ = Scope.open()) {
      Tensor index = Tensor.create(chosen);
      Tensor outputs = network.forward(x.index_select(0, index), pass);
      loss(task, outputs, y.index_select(0, index)).backward();
    }
  }

  private static double loss(Network network, Task task, Tensor x, Tensor y) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      return loss(task, network.forward(x, Pass.evaluation()), y).item_double();
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

  private Tensor rows(Problem problem) {
    try (Scope _ = Scope.open()) {
      return Scope.keep(Fitted.tensor(problem.x(), dtype));
    }
  }

  private Tensor targets(Problem problem, Fitted.Target target) {
    try (Scope _ = Scope.open()) {
      return Scope.keep(
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
          });
    }
  }
}
