package org.kat4j.optim;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Scope;

/**
 * Moves parameters along their gradients.
 *
 * <p>It owns its state, which lies outside the Java heap, but not the parameters: whoever builds
 * one closes it.
 */
public sealed interface Optimizer extends AutoCloseable permits AdamW, Lamb, Sgd {
  /** One step with the gradients as they are; parameters without a gradient stay. */
  void step(double learningRate);

  /**
   * {@link GradientNorm#clip} and then a step. Maybe in fewer passes over memory: what the
   * gradients are afterwards is not said.
   *
   * @param clipped the parameters whose gradients are, all that move among them
   */
  default void clippedStep(Collection<Tensor> clipped, double max, double learningRate) {
    GradientNorm.clip(clipped, max);
    step(learningRate);
  }

  /** Everything a later run needs to go on: tensors by name, {@code exp_avg.blocks.0.…}. */
  SequencedMap<String, Tensor> state();

  /** Takes over what {@link #state()} gave; the number of steps included. */
  default void restore(Map<String, Tensor> saved) {
    state().forEach((name, tensor) -> State.copy(name, saved, tensor));
  }

  /** Frees the state; the parameters stay. */
  @Override
  default void close() {
    Scope.free(state().values());
  }

  /** An optimizer as data. */
  sealed interface Spec permits AdamW.Spec, Lamb.Spec, Sgd.Spec {
    double lr();

    double weightDecay();

    Optimizer build(List<ParameterGroup> groups);
  }
}
