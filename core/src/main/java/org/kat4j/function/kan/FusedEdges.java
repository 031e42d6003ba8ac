package org.kat4j.function.kan;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.kernel.EdgeFunction;
import org.kat4j.kernel.EdgeKernel;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.CustomGradient;
import org.kat4j.torch.Scope;

/**
 * Sums over edges with functions of their own by a kernel: no edge is kept for the backward.
 * Without second derivatives; every layer has a composed twin.
 */
final class FusedEdges {
  private FusedEdges() {}

  /**
   * {@code [..., in]} to {@code [..., out]}; empty where a layer has to compose it.
   *
   * @param parameters gives {@code [out, in, terms]}, whatever it is made of
   */
  static Optional<Tensor> sum(EdgeFunction function, Tensor x, Supplier<Tensor> parameters) {
    return Kernels.edges(function, x).map(kernel -> sum(kernel, x, parameters.get()));
  }

  private static Tensor sum(EdgeKernel kernel, Tensor x, Tensor parameters) {
    Tensor input = x.contiguous();
    Tensor edges = parameters.to(x.scalar_type()).contiguous();
    Tensor savedInput = input.detach();
    Tensor savedEdges = edges.detach();
    Tensor value;
    try (var _ = Scope.noGradients()) {
      value = kernel.forward(savedInput, savedEdges);
    }
    return CustomGradient.applyToAll(
            List.of(input, edges),
            List.of(value),
            List.of(),
            upstream -> {
              Tensor ofValue = Objects.requireNonNull(upstream.getFirst());
              var gradients = kernel.backward(ofValue, savedInput, savedEdges);
              return new CustomGradient.AllGradients(
                  List.of(gradients.x(), gradients.parameters()), List.of());
            })
        .getFirst();
  }
}
