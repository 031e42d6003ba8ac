package org.kat4j.attention;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * A table of places that is made once for all passes that need no gradients, and again when what it
 * is made of has changed: libtorch counts every change of a tensor.
 */
final class KeptTable {
  private final List<Tensor> parameters;
  private @Nullable Tensor kept;
  private long[] changes = {};

  /**
   * @param parameters what it is made of
   */
  KeptTable(Tensor... parameters) {
    this.parameters = List.of(parameters);
  }

  /** The table, made by {@code fresh} unless the one that was made before still holds. */
  synchronized Tensor get(Supplier<Tensor> fresh) {
    if (GradMode.is_enabled()) {
      return fresh.get();
    }
    long[] now = parameters.stream().mapToLong(Tensor::_version).toArray();
    if (kept != null && Arrays.equals(now, changes)) {
      return kept;
    }
    if (kept != null) {
      kept.close();
    }
    Tensor made;
    try (Scope _ = Scope.open()) {
      made = Scope.keep(fresh.get());
    }
    kept = made;
    changes = now;
    return made;
  }

  void register(Registry registry) {
    if (kept != null) {
      registry.derived(kept);
    }
  }
}
