package org.kat4j.function;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.kernel.Kernels;
import org.kat4j.kernel.NormKernel;
import org.kat4j.kernel.ResidualNormKernel;
import org.kat4j.torch.Context;
import org.kat4j.torch.CustomGradient;
import org.kat4j.torch.DType;
import org.kat4j.torch.Init;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Registry;

/**
 * Normalises the last axis to mean 0 and variance 1, then scales and shifts: {@code weight
 * [width]}, {@code bias [width]}.
 */
public final class LayerNorm implements Norm {
  /**
   * @param epsilon added to the variance, above 0
   * @param bias whether it shifts; the kernels are for those that do
   */
  @Kind("layer")
  public record Spec(double epsilon, boolean bias) implements Norm.Spec {
    public Spec {
      Check.positive("epsilon", epsilon);
    }

    /** timm's. */
    public static Spec example() {
      return new Spec(1e-6, true);
    }

    @Override
    public LayerNorm build(int width, Context context) {
      return new LayerNorm(this, width, context);
    }
  }

  private final int width;
  private final double epsilon;
  private final Tensor weight;
  private final @Nullable Tensor bias;
  private final boolean fused;

  public LayerNorm(int width, double epsilon, Context context) {
    this(new Spec(epsilon, true), width, context);
  }

  private LayerNorm(Spec spec, int width, Context context) {
    this.width = width;
    this.epsilon = spec.epsilon;
    this.weight = context.parameter(width);
    this.bias = spec.bias ? context.parameter(width) : null;
    this.fused = context.fused();
    Init.constant(weight, 1);
  }

  @Override
  public Tensor forward(Tensor x) {
    return forward(x, type(x, false));
  }

  @Override
  public Tensor forwardLowered(Tensor x) {
    return forward(x, type(x, true));
  }

  @Override
  public Sum forwardSum(Tensor x, Tensor branch, boolean lowered) {
    DType type = type(x, lowered);
    if (fused && bias != null && x.is_cuda()) {
      Tensor input = x.contiguous();
      var kernel = Kernels.residualNorm(input, branch, type, weight, bias);
      if (kernel.isPresent()) {
        return fused(kernel.get(), input, branch, bias);
      }
    }
    Tensor sum = x.add(branch);
    return new Sum(sum, forward(sum, type));
  }

  private static DType type(Tensor x, boolean lowered) {
    return lowered ? Precision.loweredType(x) : Precision.normedType(x);
  }

  private Tensor forward(Tensor x, DType type) {
    Tensor shift = bias;
    if (!fused || shift == null || !x.is_cuda()) {
      return composed(x);
    }
    Tensor input = x.contiguous();
    return Kernels.layerNorm(input, type, weight, shift)
        .map(kernel -> fused(kernel, input, shift))
        .orElseGet(() -> composed(input));
  }

  private Tensor composed(Tensor x) {
    TensorOptional shift = bias == null ? new TensorOptional() : new TensorOptional(bias);
    return torch.layer_norm(
        x, new long[] {width}, new TensorOptional(weight), shift, epsilon, true);
  }

  private Tensor fused(NormKernel kernel, Tensor x, Tensor bias) {
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

  private Sum fused(ResidualNormKernel kernel, Tensor x, Tensor branch, Tensor bias) {
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
    if (bias != null) {
      registry.tensor("bias", bias);
    }
  }
}
