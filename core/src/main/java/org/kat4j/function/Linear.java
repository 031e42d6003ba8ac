package org.kat4j.function;

import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.Context;
import org.kat4j.torch.CustomGradient;
import org.kat4j.torch.DType;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * y = x W^T + b: {@code [..., in]} to {@code [..., out]}; {@code weight [out, in]}, {@code bias
 * [out]}.
 */
public final class Linear implements Part {
  private final Tensor weight;
  private final @Nullable Tensor bias;
  private final boolean fused;

  public Linear(int in, int out, boolean bias, Context context) {
    this.fused = context.fused();
    this.weight = context.parameter(out, in);
    this.bias = bias ? context.parameter(out) : null;
    double bound = 1 / Math.sqrt(in); // PyTorch's start of linear layers; models overwrite it
    Init.uniform(weight, bound, context.random());
    if (this.bias != null) {
      Init.uniform(this.bias, bound, context.random());
    }
  }

  public Tensor weight() {
    return weight;
  }

  public @Nullable Tensor bias() {
    return bias;
  }

  /** Under autocast on a GPU without second derivatives, unless the context is composed. */
  public Tensor forward(Tensor x) {
    if (isOneToken(x)) {
      return ofOneToken(x, weight, bias);
    }
    if (bias == null) {
      return torch.linear(x, weight);
    }
    return isFused(x, bias)
        ? fused(Precision.lowered(x).contiguous())
        : torch.linear(x, weight, new TensorOptional(bias));
  }

  /** gelu(forward(x)), likewise. */
  public Tensor forwardGelu(Tensor x) {
    return bias != null && isFused(x, bias)
        ? fusedGelu(Precision.lowered(x).contiguous())
        : torch.gelu(forward(x));
  }

  private boolean isFused(Tensor x, Tensor bias) {
    return fused && x.is_cuda() && Precision.lowers(x) && trains(x, bias);
  }

  /**
   * x W^T without bias, for a weight that belongs to another part.
   *
   * @param weight {@code [out, in]}
   */
  public static Tensor apply(Tensor x, Tensor weight) {
    return isOneToken(x) ? ofOneToken(x, weight, null) : torch.linear(x, weight);
  }

  /** Whether x is the next token of one text, {@code [1, 1, in]}, on the CPU. */
  private static boolean isOneToken(Tensor x) {
    return x.dim() == 3
        && x.size(0) == 1
        && x.size(1) == 1
        && !x.is_cuda()
        && !GradMode.is_enabled()
        && !Precision.lowers(x);
  }

  /**
   * As a matrix times a vector, which OpenBLAS does four times as fast as a product with one row.
   */
  private static Tensor ofOneToken(Tensor x, Tensor weight, @Nullable Tensor bias) {
    Tensor row = x.view(-1);
    Tensor y = bias == null ? weight.mv(row) : torch.addmv(bias, weight, row);
    return y.view(1, 1, -1);
  }

  /** Whether all gradients are wanted: libtorch leaves out those that are not. */
  private boolean trains(Tensor x, Tensor bias) {
    return GradMode.is_enabled()
        && x.requires_grad()
        && weight.requires_grad()
        && bias.requires_grad();
  }

  /**
   * The same with gradients in fewer passes over memory: the bias's by a kernel of our own, the
   * weight's in its own dtype instead of rounded to x's first.
   */
  Tensor fused(Tensor x) {
    Tensor b = Objects.requireNonNull(bias);
    Product product = product(x, b);
    return CustomGradient.applyConverting(
        x,
        product.y,
        List.of(weight, b),
        upstream -> {
          Tensor u = upstream.view(-1, weight.size(0));
          return product.gradients(u, Kernels.columnSums(u).to(b.scalar_type()));
        });
  }

  /** The same with a GELU behind it, whose gradient is taken in the pass of the bias's. */
  Tensor fusedGelu(Tensor x) {
    Tensor b = Objects.requireNonNull(bias);
    Product product = product(x, b);
    Tensor value;
    try (var _ = Scope.noGradients()) {
      value = torch.gelu(product.y);
    }
    return CustomGradient.applyConverting(
        x,
        value,
        List.of(weight, b),
        upstream -> {
          long out = weight.size(0);
          var both = Kernels.geluGradient(product.y.view(-1, out), upstream.view(-1, out));
          return product.gradients(both.input(), both.bias().to(b.scalar_type()));
        });
  }

  private Product product(Tensor x, Tensor b) {
    Tensor saved = x.detach();
    try (var _ = Scope.noGradients()) {
      Tensor w = weight.detach().to(x.scalar_type());
      Tensor y = torch.linear(saved, w, new TensorOptional(b.detach().to(x.scalar_type())));
      return new Product(saved, w, y, DType.of(weight));
    }
  }

  /**
   * y = x W^T + b without autograd.
   *
   * @param w W in x's dtype
   * @param type of the parameters
   */
  private record Product(Tensor x, Tensor w, Tensor y, DType type) {
    /**
     * @param u dL/dy {@code [rows, out]}
     */
    CustomGradient.Gradients gradients(Tensor u, Tensor ofBias) {
      Tensor rows = x.view(-1, w.size(1));
      return new CustomGradient.Gradients(
          u.mm(w).view(x.sizes()), List.of(inWeightType(u.t(), rows), ofBias));
    }

    /** In the weight's dtype, which matrix products of two bytes an element can give. */
    private Tensor inWeightType(Tensor a, Tensor b) {
      return DType.of(a) == type ? a.mm(b) : torch.mm(a, b, type.scalarType());
    }
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight", weight);
    if (bias != null) {
      registry.tensor("bias", bias);
    }
  }
}
