package org.kat4j.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.model.Model;
import org.kat4j.optim.Ema;
import org.kat4j.optim.GradientClip;
import org.kat4j.optim.GradientScaler;
import org.kat4j.optim.Optimizer;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.torch.Precision;
import org.kat4j.torch.StateDict;

/**
 * What happens to the weights once gradients are there: clipping, a step of the optimizer, the
 * moving average. It owns the optimizer's state and the average, not the model.
 */
final class WeightUpdate implements AutoCloseable {
  private static final String OPTIMIZER = "optimizer/";
  private static final String TRAINED = "trained/";
  private static final String SCALE = "gradient-scale";

  private final TrainConfig config;
  private final Model model;
  private final SequencedMap<String, Tensor> weights; // with statistics and grids
  private final SequencedMap<String, Tensor> moving; // those that train
  private final Optimizer optimizer;
  private final GradientScaler scaler;
  private final @Nullable Model averaged;
  private final @Nullable Ema ema;

  /**
   * @param averaged a second model of the same kind that holds the moving average; null for none
   */
  WeightUpdate(TrainConfig config, Model model, @Nullable Model averaged) {
    this.config = config;
    this.model = model;
    this.averaged = averaged;
    weights = StateDict.of(model);
    SequencedMap<String, Tensor> parameters = StateDict.trained(model);
    List<ParameterGroup> layers =
        ParameterGroup.layered(
            parameters,
            config.optimizer().weightDecay(),
            model.noWeightDecay(),
            config.layerDecay());
    moving = config.fineTuning().trainable(parameters);
    optimizer =
        config
            .optimizer()
            .build(
                config.fineTuning().scaled(ParameterGroup.only(layers, moving.keySet()), moving));
    scaler = new GradientScaler(config.precision());
    ema = averaged == null ? null : Ema.into(StateDict.of(averaged));
  }

  /** The weights from which training starts are there; the average starts as their copy. */
  void begin() {
    if (ema != null) {
      ema.update(weights, 0);
    }
  }

  /** What the backward pass starts from. */
  Tensor scaled(Tensor loss) {
    return scaler.scaled(loss);
  }

  /** Update {@code number}, from 0, with the gradients that are there; they are gone afterwards. */
  void apply(double learningRate, long number) {
    if (scaler.unscale(moving.values())) {
      move(learningRate);
    }
    StateDict.clearGradients(moving);
    if (ema != null) {
      ema.update(weights, config.ema().at(number));
    }
  }

  private void move(double learningRate) {
    boolean clips = config.clipNorm() > 0;
    if (clips && config.clipMode() == GradientClip.NORM) {
      optimizer.clippedStep(moving.values(), config.clipNorm(), learningRate);
      return;
    }
    if (clips) {
      config.clipMode().apply(moving, config.clipNorm());
    }
    optimizer.step(learningRate);
  }

  /** The model to evaluate and to use: the average where there is one. */
  Model result() {
    return averaged == null ? model : averaged;
  }

  /** Whether the weights, and the average where there is one, are worth keeping. */
  boolean areSound() {
    return Soundness.of(model) && (averaged == null || Soundness.of(averaged));
  }

  /** Everything beside the weights of {@link #result()} that a run needs to go on. */
  SequencedMap<String, Tensor> state() {
    SequencedMap<String, Tensor> all = new LinkedHashMap<>();
    optimizer.state().forEach((name, tensor) -> all.put(OPTIMIZER + name, tensor));
    if (averaged != null) {
      weights.forEach((name, tensor) -> all.put(TRAINED + name, tensor));
    }
    if (config.precision() == Precision.FLOAT16) {
      all.put(SCALE, scaler.state());
    }
    return all;
  }

  /** Takes over what {@link #state()} gave. */
  void restore(Map<String, Tensor> saved) {
    Map<String, Tensor> ofOptimizer = new LinkedHashMap<>();
    Map<String, Tensor> trained = new LinkedHashMap<>();
    saved.forEach((name, tensor) -> {
      if (name.startsWith(OPTIMIZER)) {
        ofOptimizer.put(name.substring(OPTIMIZER.length()), tensor);
      } else if (name.startsWith(TRAINED)) {
        trained.put(name.substring(TRAINED.length()), tensor);
      }
    });
    optimizer.restore(ofOptimizer);
    Tensor scale = saved.get(SCALE);
    if (scale != null) {
      scaler.restore(scale);
    }
    if (averaged != null) {
      StateDict.copy(trained, weights);
    }
  }

  @Override
  public void close() {
    optimizer.close();
    if (averaged != null) {
      averaged.close();
    }
  }
}
