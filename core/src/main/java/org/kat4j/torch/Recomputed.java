package org.kat4j.torch;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;

/**
 * Operations whose intermediate results are not kept for the backward pass, which computes them
 * again: memory for time (checkpointing).
 */
public final class Recomputed {
  private Recomputed() {}

  /**
   * The result of an operation on some tensors.
   *
   * @param inputs all that a gradient goes to, parameters too
   * @param operation gives the same bits each time; without second derivatives
   */
  public static Tensor of(List<Tensor> inputs, Function<List<Tensor>, Tensor> operation) {
    List<Tensor> saved = inputs.stream().map(Tensor::detach).toList();
    Tensor value;
    try (var _ = Scope.noGradients()) {
      value = operation.apply(saved);
    }
    return CustomGradient.applyToAll(
            inputs,
            List.of(value),
            List.of(),
            upstream ->
                new CustomGradient.AllGradients(
                    gradients(saved, operation, Objects.requireNonNull(upstream.getFirst())),
                    List.of()))
        .getFirst();
  }

  private static List<Tensor> gradients(
      List<Tensor> saved, Function<List<Tensor>, Tensor> operation, Tensor upstream) {
    List<Tensor> leaves = new ArrayList<>();
    try (AutoGradMode _ = new AutoGradMode(true)) {
      for (Tensor input : saved) {
        leaves.add(input.detach().set_requires_grad(true));
      }
      Backpropagation.run(operation.apply(leaves), upstream);
    }
    // A reference of our own: what a leaf hands out is its field, and ends with it.
    return leaves.stream().map(leaf -> new Tensor(leaf.grad())).toList();
  }
}
