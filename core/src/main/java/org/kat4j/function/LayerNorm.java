package org.kat4j.function;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.kernel.Kernels;
import org.kat4j.kernel.NormKernel;
import org.kat4j.kernel.ResidualNormKernel;
import org.kat4j.torch.Context;
import org.kat4j.torch.CustomGradient;
import org.kat4j.torch.DType;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Registry;

/**
 * Normalises the last axis to mean 0 and variance 1, then scales and shifts: {@code weight
 * [width]}, {@code bias [width]}.
 */
public final class LayerNorm implements Part {
  private final int width;
  private final double epsilon;
  private final Tensor weight;
  private final Tensor bias;
  private final boolean fused;

  public LayerNorm(int width, double epsilon, Context context) {
    this.width = width;
    this.epsilon = epsilon;
    this.weight = context.parameter(width);
    this.bias = context.parameter(width);
    this.fused = context.fused();
    Init.constant(weight, 1);
  }

  /** {@code [..., width]} to the same shape, in float32 under autocast. */
  public Tensor forward(Tensor x) {
    return forward(x, type(x, false));
  }

  /**
   * The same for those who round it to the lower type under autocast anyway: in that type already
   * where a kernel writes it so.
   */
  public Tensor forwardLowered(Tensor x) {
    return forward(x, type(x, true));
  }

  /** A sum and its norm. */
  public record Sum(Tensor sum, Tensor normed) {}

  /**
   * x + branch and the norm of it, by one kernel where there is one.
   *
   * @param x {@code [..., width]}
   * @param branch the same shape
   * @param lowered as {@link #forwardLowered} gives it, else as {@link #forward}
   */
  public Sum forwardSum(Tensor x, Tensor branch, boolean lowered) {
    DType type = type(x, lowered);
    if (fused && x.is_cuda()) {
      Tensor input = x.contiguous();
      var kernel = Kernels.residualNorm(input, branch, type, weight, bias);
      if (kernel.isPresent()) {
        return fused(kernel.get(), input, branch);
      }
    }
    Tensor sum = x.add(branch);
    return new Sum(sum, forward(sum, type));
  }

  private static DType type(Tensor x, boolean lowered) {
    return lowered ? Precision.loweredType(x) : Precision.normedType(x);
  }

  private Tensor forward(Tensor x, DType type) {
    if (!fused || !x.is_cuda()) {
      return composed(x);
    }
    Tensor input = x.contiguous();
    return Kernels.layerNorm(input, type, weight, bias)
        .map(kernel -> fused(kernel, input))
        .orElseGet(() -> composed(input));
  }

  private Tensor composed(Tensor x) {
    return torch.layer_norm(
        x, new long[] {width}, new TensorOptional(weight), new TensorOptional(bias), epsilon, true);
  }

  private Tensor fused(NormKernel kernel, Tensor x) {
    Tensor saved = x.detach();
    var result = kernel.forward(saved, weight, bias, epsilon);
    return CustomGradient.applyConverting(
        x,
        result.y(),
        List.of(weight, bias),
        upstream -> {
          var gradients = kernel.backward(upstream, saved, weight, result.moments());
          return new CustomGradient.Gradients(
              gradients.x(), List.of(gradients.weight(), gradients.bias()));
        });
  }

  private Sum fused(ResidualNormKernel kernel, Tensor x, Tensor branch) {
    var result = kernel.forward(x.detach(), branch.detach(), weight, bias, epsilon);
    List<Tensor> both =
        CustomGradient.applyToAll(
            List.of(x, branch),
            List.of(result.sum(), result.y()),
            List.of(weight, bias),
            upstream -> {
              Tensor ofNormed = upstream.get(1);
              var gradients =
                  kernel.backward(
                      ofNormed == null ? torch.zeros_like(result.y()) : ofNormed,
                      upstream.get(0),
                      result.sum(),
                      weight,
                      result.moments());
              return new CustomGradient.AllGradients(
                  List.of(gradients.x(), gradients.branch()),
                  List.of(gradients.weight(), gradients.bias()));
            });
    return new Sum(both.get(0), both.get(1));
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight", weight);
    registry.tensor("bias", bias);
  }
}
