package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/**
 * Edge functions with the JDK's vector instructions.
 *
 * <p>Loaded only where the module jdk.incubator.vector is present; see {@link Kernels}.
 */
final class VectorEdges {
  private VectorEdges() {}

  static EdgeKernel of(EdgeFunction function, Tensor x) {
    boolean wide = ElementKind.of(x) == ElementKind.FLOAT64;
    return new PanelEdges(
        function.terms(),
        parameters ->
            switch (function) {
              case EdgeFunction.Dilated(var form) ->
                  wide
                      ? new DoubleDilations(form, parameters)
                      : new FloatDilations(form, parameters);
              case EdgeFunction.Circuit circuit ->
                  wide
                      ? new DoubleCircuits(circuit, parameters)
                      : new FloatCircuits(circuit, parameters);
            });
  }
}
