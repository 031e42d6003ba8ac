package org.kat4j.train;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.model.Weights;
import org.kat4j.task.InputDescription;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;

/**
 * Everything that a run needs to go on bit for bit: weights, their average, optimizer, random
 * stream, schedule, position in the data.
 *
 * <p>The weights under their own names are those to use: the average, where one is kept.
 *
 * @param epoch the epoch in progress, from 0
 * @param batch batches of it that are done
 * @param update updates done
 * @param bestTop1 best accuracy on the validation images so far, in percent, -1 before the first
 *     evaluation
 * @param seconds time spent so far
 * @param plateau what a plateau schedule has seen
 */
record Checkpoint(
    int epoch,
    int batch,
    long update,
    double bestTop1,
    double seconds,
    Decay.Plateau.Seen plateau) {
  private static final String POSITION = "kat4j.position";
  private static final String RANDOM = "random/stream";
  private static final String LOSS = "progress/loss_sum";

  static final Checkpoint START = new Checkpoint(0, 0, 0, -1, 0, Decay.Plateau.Seen.NOTHING);

  /** One more batch is done, and maybe an update. */
  Checkpoint afterBatch(boolean updated) {
    return new Checkpoint(epoch, batch + 1, update + (updated ? 1 : 0), bestTop1, seconds, plateau);
  }

  /** One more epoch is done. */
  Checkpoint afterEpoch(double top1, double secondsSpent, Decay.Plateau.Seen seen) {
    return new Checkpoint(epoch + 1, 0, update, Math.max(bestTop1, top1), secondsSpent, seen);
  }

  Checkpoint at(double secondsSpent) {
    return new Checkpoint(epoch, batch, update, bestTop1, secondsSpent, plateau);
  }

  /** Writes the checkpoint; a process killed meanwhile leaves the previous one whole. */
  void save(
      Path file,
      WeightUpdate weights,
      RandomStream random,
      Tensor lossSum,
      InputDescription input) {
    try (Scope _ = Scope.open()) {
      Map<String, Tensor> beside = new LinkedHashMap<>(weights.state());
      beside.put(RANDOM, random.state());
      beside.put(LOSS, lossSum);
      Map<String, String> metadata = input.toMetadata();
      metadata.put(POSITION, Config.toJson(this));
      Weights.save(file, weights.result(), beside, metadata);
    }
  }

  /** Loads everything into the parts of a run; they must be of the same configuration. */
  static Checkpoint load(Path file, WeightUpdate weights, RandomStream random, Tensor lossSum) {
    Weights.loadInto(file, weights.result());
    try (Safetensors saved = Safetensors.open(file);
        Scope _ = Scope.open()) {
      String position = saved.metadata().get(POSITION);
      if (position == null) {
        throw new UserException(file + ": these are weights, not a checkpoint to go on from");
      }
      Map<String, Tensor> state = new HashMap<>();
      for (String name : saved.names()) {
        if (name.contains("/")) {
          state.put(name, saved.read(name));
        }
      }
      weights.restore(state);
      random.restore(saved.read(RANDOM));
      saved.copyInto(LOSS, lossSum);
      return Config.bind(Config.parse(position, file.toString()), START, file.toString());
    }
  }
}
