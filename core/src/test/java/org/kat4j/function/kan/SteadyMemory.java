package org.kat4j.function.kan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Host;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Holds a layer to memory that stays flat over a thousand steps, each in a scope of its own. */
final class SteadyMemory {
  private SteadyMemory() {}

  /** One gradient of the input kept in each step would be 105 MB for {@code x [512, 64]}. */
  static void check(KanLayer layer, Tensor x) {
    Map<String, Tensor> parameters = StateDict.trained(layer);
    long settled = 0;
    for (int step = 1; step <= 1000; step++) {
      try (Scope _ = Scope.open()) {
        Tensor loss = layer.forward(x, Pass.evaluation()).mean();
        if (step % 4 != 0) { // every fourth graph is dropped
          loss.backward();
        }
        StateDict.clearGradients(parameters);
      }
      if (step == 200) {
        settled = Host.residentBytes();
      }
    }
    assertThat(Host.residentBytes()).isLessThan(settled + settled / 20);
  }
}
