package org.kat4j.function.kan;

import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.kernel.BSplineKernel;
import org.kat4j.torch.CustomGradient;
import org.kat4j.torch.Scope;

/**
 * B-splines contracted with weights, by the kernel: basis values are not kept for the backward but
 * computed again there. Without second derivatives; {@link BSplines} is the composed twin.
 *
 * @param grid {@code [in, knots]}
 * @param order degree of the splines
 * @param weight gives {@code [out, in, basis]}, whatever it is made of
 * @param parameters the leaves that the weight is made of
 * @param toParameters from the gradient of the weight to those of the parameters
 */
record FusedSplines(
    Tensor grid,
    int order,
    Supplier<Tensor> weight,
    List<Tensor> parameters,
    Function<Tensor, List<Tensor>> toParameters) {

  /** y_o = sum over i, j of B_j(x_i) weight[o, i, j]: {@code [..., in]} to {@code [..., out]}. */
  Tensor forward(Tensor x) {
    Tensor input = x.contiguous();
    Tensor saved = input.detach();
    Tensor value;
    try (var _ = Scope.noGradients()) {
      value = Contraction.outputsFirst(BSplineKernel.forward(saved, grid, order), weight.get());
    }
    return CustomGradient.applyToChannels(
        input, value, parameters, upstream -> backward(upstream, saved));
  }

  private CustomGradient.Gradients backward(Tensor upstream, Tensor x) {
    Tensor rows = upstream.reshape(-1, upstream.size(-1)); // [rows, out]
    Tensor basis = BSplineKernel.forward(x, grid, order);
    Tensor w = weight.get();
    Tensor ofWeight = rows.t().matmul(basis.view(rows.size(0), -1)).view(w.shape());
    Tensor ofBasis = rows.matmul(w.reshape(w.size(0), -1)).view(basis.shape());
    Tensor ofInput = BSplineKernel.backward(ofBasis, x, grid, order);
    return new CustomGradient.Gradients(ofInput, toParameters.apply(ofWeight));
  }
}
