package org.kat4j.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** A copy of a model's weights from its best moment, in memory. */
final class KeptWeights implements AutoCloseable {
  private final SequencedMap<String, Tensor> weights;
  private final SequencedMap<String, Tensor> copy = new LinkedHashMap<>(); // empty before the first

  KeptWeights(SequencedMap<String, Tensor> weights) {
    this.weights = weights;
  }

  /** The weights as they are now are those to keep. */
  void take() {
    if (copy.isEmpty()) {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        weights.forEach((name, tensor) -> copy.put(name, Scope.keep(tensor.detach().clone())));
      }
    } else {
      StateDict.copy(weights, copy);
    }
  }

  /** The weights become what was kept; nothing happens where nothing was. */
  void giveBack() {
    if (!copy.isEmpty()) {
      StateDict.copy(copy, weights);
    }
  }

  SequencedMap<String, Tensor> state() {
    return copy;
  }

  /** Takes over what {@link #state()} gave, under names with a prefix. */
  void restore(Map<String, Tensor> saved, String prefix) {
    if (saved.keySet().stream().anyMatch(name -> name.startsWith(prefix))) {
      take();
      Map<String, Tensor> own = new LinkedHashMap<>();
      copy.forEach((name, tensor) -> own.put(prefix + name, tensor));
      StateDict.copy(saved, own);
    }
  }

  @Override
  public void close() {
    Scope.free(copy.values());
    copy.clear();
  }
}
