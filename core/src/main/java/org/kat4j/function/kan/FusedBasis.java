package org.kat4j.function.kan;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.kernel.BasisKernel;
import org.kat4j.torch.CustomGradient;
import org.kat4j.torch.Scope;

/**
 * Basis functions from a kernel contracted with weights: basis values are not kept for the backward
 * but computed again there. Without second derivatives; every layer has a composed twin.
 *
 * @param kernel the functions
 * @param weight gives {@code [out, in, basis]}, whatever it is made of
 * @param parameters the leaves that the weight is made of
 * @param toParameters from the gradient of the weight to those of the parameters
 */
record FusedBasis(
    BasisKernel kernel,
    Supplier<Tensor> weight,
    List<Tensor> parameters,
    Function<Tensor, List<Tensor>> toParameters) {

  /**
   * The same with one more function of each input, which the kernel puts behind the others.
   *
   * @param last gives its weights {@code [out, in]}
   * @param lastParameters the leaves that they are made of
   * @param toLastParameters from their gradient to those of the leaves
   */
  FusedBasis with(
      Supplier<Tensor> last,
      List<Tensor> lastParameters,
      Function<Tensor, List<Tensor>> toLastParameters) {
    return new FusedBasis(
        kernel,
        () -> torch.cat(new TensorVector(weight.get(), last.get().unsqueeze(-1)), -1),
        concatenated(parameters, lastParameters),
        ofWeight -> {
          long before = ofWeight.size(-1) - 1;
          return concatenated(
              toParameters.apply(ofWeight.narrow(-1, 0, before)),
              toLastParameters.apply(ofWeight.select(-1, before)));
        });
  }

  private static List<Tensor> concatenated(List<Tensor> first, List<Tensor> second) {
    return Stream.concat(first.stream(), second.stream()).toList();
  }

  /**
   * Splines and base branch: one product where the kernel has silu among its functions, else two.
   *
   * @param fused the splines by the kernel, with the base branch where the kernel has it
   * @param composed the splines where there is no kernel
   * @param base the base branch alone
   */
  static Tensor withBase(
      Optional<BasisKernel> kernel,
      Function<BasisKernel, Tensor> fused,
      Supplier<Tensor> composed,
      Supplier<Tensor> base) {
    Tensor splines = kernel.map(fused).orElseGet(composed);
    return kernel.map(BasisKernel::silu).orElse(false) ? splines : splines.add(base.get());
  }

  /** {@code [..., in]} to basis values {@code [..., in, basis]}, without second derivatives. */
  static Tensor values(BasisKernel kernel, Tensor x) {
    Tensor input = x.contiguous();
    Tensor saved = input.detach();
    Tensor value;
    try (var _ = Scope.noGradients()) {
      value = kernel.forward(saved);
    }
    long[] shape = value.shape();
    return CustomGradient.applyConverting(
            input,
            value.flatten(-2, -1),
            List.of(),
            upstream ->
                new CustomGradient.Gradients(
                    kernel.backward(upstream.contiguous().view(shape), saved), List.of()))
        .view(shape);
  }

  /** y_o = sum over i, j of B_j(x_i) weight[o, i, j]: {@code [..., in]} to {@code [..., out]}. */
  Tensor forward(Tensor x) {
    Tensor input = x.contiguous();
    Tensor saved = input.detach();
    Tensor flat; // [out, in * basis]
    Tensor value;
    try (var _ = Scope.noGradients();
        Tensor basis = kernel.forward(saved);
        Tensor rows = basis.flatten(-2, -1)) { // [..., in * basis]
      Tensor w = weight.get();
      flat = w.reshape(w.size(0), -1).to(basis.scalar_type());
      value = torch.linear(rows, flat);
    }
    return CustomGradient.applyConverting(
        input, value, parameters, upstream -> backward(upstream, saved, flat));
  }

  private CustomGradient.Gradients backward(Tensor upstream, Tensor x, Tensor flat) {
    Tensor rows = upstream.reshape(-1, upstream.size(-1)).to(flat.scalar_type()); // [rows, out]
    Tensor ofWeight;
    try (Tensor basis = kernel.forward(x);
        Tensor columns = basis.view(rows.size(0), -1)) { // [rows, in * basis]
      ofWeight = rows.t().matmul(columns);
    }
    Tensor ofBasis = rows.matmul(flat); // [rows, in * basis]
    Tensor ofInput = kernel.backward(ofBasis, x);
    return new CustomGradient.Gradients(
        ofInput,
        toParameters.apply(
            ofWeight
                .to(parameters.getFirst().scalar_type())
                .view(flat.size(0), x.size(-1), -1))); // [out, in, basis]
  }
}
