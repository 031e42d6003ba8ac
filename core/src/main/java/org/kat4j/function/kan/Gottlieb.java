package org.kat4j.function.kan;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.LayerNorm;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * Gottlieb-KAN: polynomials with one trainable parameter alpha, of the input's sigmoid.
 *
 * <p>G_0 = 1, G_1 = 2 alpha u, G_n = 2 (alpha + n - 1) u G_n-1 - (alpha + 2 n - 2) G_n-2; y = norm
 * of the contraction. Source and names: hoangthangta/All-KAN.
 */
public final class Gottlieb implements KanLayer {
  /**
   * @param degree highest degree, 0 to 16
   * @param norm whether a layer norm follows
   */
  @Kind("gottlieb")
  public record Spec(int degree, boolean norm) implements KanLayer.Spec {
    public Spec {
      Check.between("degree", degree, 0, 16);
    }

    public static Spec example() {
      return new Spec(3, true);
    }

    @Override
    public Gottlieb build(int in, int out, Context context) {
      return new Gottlieb(this, in, out, context);
    }

    @Override
    public long macs(int in, int out) {
      return (long) in * out * (degree + 1) + 2L * in * degree;
    }
  }

  private static final double NORM_EPSILON = 1e-5;

  private final Spec spec;
  private final Tensor alpha; // [1]
  private final Tensor coefficients; // [in, out, degree + 1]
  private final @Nullable LayerNorm norm;

  private Gottlieb(Spec spec, int in, int out, Context context) {
    this.spec = spec;
    alpha = context.parameter(1);
    coefficients = context.parameter(in, out, spec.degree + 1);
    norm = spec.norm ? new LayerNorm(out, NORM_EPSILON, context) : null;
    Init.normal(alpha, 1, context.random());
    Init.normal(coefficients, 1.0 / (in * (spec.degree + 1.0)), context.random());
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor y = Contraction.inputsFirst(basis(x.sigmoid()), coefficients);
    return norm == null ? y : norm.forward(y);
  }

  private Tensor basis(Tensor u) {
    TensorVector all = new TensorVector(torch.ones_like(u));
    Tensor before = torch.ones_like(u);
    Tensor last = u.mul(alpha).mul(new Scalar(2));
    for (int n = 2; n <= spec.degree + 1; n++) {
      all.push_back(last);
      Tensor rising = alpha.add(new Scalar(n - 1)).mul(new Scalar(2)).mul(u).mul(last);
      Tensor next = rising.sub(alpha.add(new Scalar(2 * n - 2)).mul(before));
      before = last;
      last = next;
    }
    return torch.stack(all, -1); // [..., in, degree + 1]
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("alpha", alpha);
    registry.tensor("gottlieb_coeffs", coefficients);
    if (norm != null) {
      registry.part("layernorm", norm);
    }
  }
}
