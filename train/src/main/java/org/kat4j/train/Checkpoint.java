package org.kat4j.train;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.model.Model;
import org.kat4j.model.Weights;
import org.kat4j.optim.Optimizer;
import org.kat4j.task.InputDescription;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;

/**
 * Everything that a run needs to go on bit for bit: weights, optimizer, random stream, position in
 * the data.
 *
 * @param epoch the epoch in progress, from 0
 * @param batch batches of it that are done
 * @param update updates done
 * @param bestTop1 best accuracy on the validation images so far, in percent, -1 before the first
 *     evaluation
 * @param seconds time spent so far
 */
record Checkpoint(int epoch, int batch, long update, double bestTop1, double seconds) {
  private static final String POSITION = "kat4j.position";
  private static final String OPTIMIZER = "optimizer/";
  private static final String RANDOM = "random/stream";
  private static final String LOSS = "progress/loss_sum";

  static final Checkpoint START = new Checkpoint(0, 0, 0, -1, 0);

  /** Writes the checkpoint; a process killed meanwhile leaves the previous one whole. */
  void save(
      Path file,
      Model model,
      Optimizer optimizer,
      RandomStream random,
      Tensor lossSum,
      InputDescription input) {
    try (Scope _ = Scope.open()) {
      Map<String, Tensor> beside = new LinkedHashMap<>();
      optimizer.state().forEach((name, tensor) -> beside.put(OPTIMIZER + name, tensor));
      beside.put(RANDOM, random.state());
      beside.put(LOSS, lossSum);
      Map<String, String> metadata = input.toMetadata();
      metadata.put(POSITION, Config.toJson(this));
      Weights.save(file, model, beside, metadata);
    }
  }

  /** Loads everything into the parts of a run; they must be of the same configuration. */
  static Checkpoint load(
      Path file, Model model, Optimizer optimizer, RandomStream random, Tensor lossSum) {
    Weights.loadInto(file, model);
    try (Safetensors saved = Safetensors.open(file);
        Scope _ = Scope.open()) {
      String position = saved.metadata().get(POSITION);
      if (position == null) {
        throw new UserException(file + ": these are weights, not a checkpoint to go on from");
      }
      Map<String, Tensor> state = new HashMap<>();
      for (String name : saved.names()) {
        if (name.startsWith(OPTIMIZER)) {
          state.put(name.substring(OPTIMIZER.length()), saved.read(name));
        }
      }
      optimizer.restore(state);
      random.restore(saved.read(RANDOM));
      saved.copyInto(LOSS, lossSum);
      return Config.bind(Config.parse(position, file.toString()), START, file.toString());
    }
  }
}
