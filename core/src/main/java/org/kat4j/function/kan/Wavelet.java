package org.kat4j.function.kan;

import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Kind;
import org.kat4j.kernel.EdgeFunction;
import org.kat4j.torch.BatchNorm;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * Wav-KAN: a wavelet of its own place and width on every edge, y = batch norm of sum over i of
 * w[o,i] psi((x_i - t[o,i]) / s[o,i]), maybe with a silu branch.
 *
 * <p>A kernel of the CPU sums the edges; where there is none, all their values {@code [rows, out,
 * in]} are in memory. A width that trains through 0 gives infinities. Source: Wav-KAN, arXiv
 * 2405.12832; names of hoangthangta/All-KAN, which leaves the branch out.
 */
public final class Wavelet implements KanLayer {
  /** psi. */
  public enum Mother {
    /** 2 / (sqrt 3 pi^(1/4)) (u^2 - 1) e^(-u^2 / 2): the source's sign, not the textbook's. */
    MEXICAN_HAT(EdgeFunction.Form.MEXICAN_HAT) {
      @Override
      public Tensor of(Tensor u) {
        Tensor square = u.square();
        return square.sub(new Scalar(1)).mul(bell(square));
      }

      @Override
      public Tensor weighted(Tensor weight) {
        return weight.mul(new Scalar(2 / (Math.sqrt(3) * Math.pow(Math.PI, 0.25))));
      }
    },
    /** cos(5 u) e^(-u^2 / 2). */
    MORLET(EdgeFunction.Form.MORLET) {
      @Override
      public Tensor of(Tensor u) {
        return u.mul(new Scalar(5)).cos().mul(bell(u.square()));
      }
    },
    /** -u e^(-u^2 / 2), the derivative of a Gaussian. */
    DOG(EdgeFunction.Form.DERIVATIVE_OF_GAUSSIAN) {
      @Override
      public Tensor of(Tensor u) {
        return u.neg().mul(bell(u.square()));
      }
    },
    /** sin(pi |u|) times a window that falls from 1 at |u| = 1/2 to 0 at |u| = 1. */
    MEYER(EdgeFunction.Form.MEYER) {
      @Override
      public Tensor of(Tensor u) {
        Tensor v = u.abs();
        Tensor t =
            v.mul(new Scalar(2))
                .sub(new Scalar(1))
                .clamp_min(new Scalar(0))
                .clamp_max(new Scalar(1)); // 0 to 1
        // t^4 (35 - 84 t + 70 t^2 - 20 t^3)
        Tensor smooth =
            t.mul(new Scalar(-20))
                .add(new Scalar(70))
                .mul(t)
                .sub(new Scalar(84))
                .mul(t)
                .add(new Scalar(35))
                .mul(t.pow(new Scalar(4)));
        Tensor window = smooth.mul(new Scalar(Math.PI / 2)).cos();
        Tensor inside = v.lt(new Scalar(1)).to(u.scalar_type());
        return v.mul(new Scalar(Math.PI)).sin().mul(window).mul(inside);
      }
    },
    /** sin(u) / u times a Hamming window over the inputs, as the source has it. */
    SHANNON(EdgeFunction.Form.SINC) {
      @Override
      public Tensor of(Tensor u) {
        return torch.sinc(u.div(new Scalar(Math.PI)));
      }

      @Override
      public Tensor weighted(Tensor weight) {
        long in = weight.size(-1);
        return weight.mul(
            torch.hamming_window(in, false).to(weight.device(), weight.scalar_type()));
      }
    };

    private final EdgeFunction kernel;

    Mother(EdgeFunction.Form form) {
      kernel = new EdgeFunction.Dilated(form);
    }

    /** psi, less what does not depend on u. */
    public abstract Tensor of(Tensor u);

    /** The weights {@code [..., in]} times the rest of psi. */
    public Tensor weighted(Tensor weight) {
      return weight;
    }

    private static Tensor bell(Tensor square) {
      return square.mul(new Scalar(-0.5)).exp();
    }
  }

  /**
   * @param mother the wavelet
   * @param baseBranch whether W silu(x) is added
   * @param norm whether a batch norm follows
   */
  @Kind("wavelet")
  public record Spec(Mother mother, boolean baseBranch, boolean norm) implements KanLayer.Spec {
    public static Spec example() {
      return new Spec(Mother.DOG, false, true);
    }

    @Override
    public Wavelet build(int in, int out, Context context) {
      return new Wavelet(this, in, out, context);
    }

    @Override
    public long macs(int in, int out) {
      return (long) in * out * (baseBranch ? 5 : 4);
    }
  }

  private final Spec spec;
  private final boolean fused;
  private final Tensor scale; // [out, in]
  private final Tensor translation; // [out, in]
  private final Tensor weight; // [out, in]
  private final @Nullable Tensor baseWeight; // [out, in]
  private final @Nullable BatchNorm norm;

  private Wavelet(Spec spec, int in, int out, Context context) {
    this.spec = spec;
    fused = context.fused();
    scale = context.parameter(new double[] {1}, out, in);
    translation = context.parameter(out, in);
    weight = context.parameter(out, in);
    baseWeight = spec.baseBranch ? context.parameter(out, in) : null;
    norm = spec.norm ? new BatchNorm(out, context) : null;
    Init.uniform(weight, 1 / Math.sqrt(in), context.random());
    if (baseWeight != null) {
      Init.uniform(baseWeight, 1 / Math.sqrt(in), context.random());
    }
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor heights = spec.mother.weighted(weight); // [out, in]
    Tensor y =
        fused(x, heights)
            .orElseGet(() -> {
              Tensor u = x.unsqueeze(-2).sub(translation).div(scale); // [..., out, in]
              return spec.mother.of(u).mul(heights).sum(-1);
            });
    if (baseWeight != null) {
      y = y.add(torch.linear(torch.silu(x), baseWeight));
    }
    return norm == null ? y : norm.forward(y, pass);
  }

  private Optional<Tensor> fused(Tensor x, Tensor heights) {
    return fused
        ? FusedEdges.sum(
            spec.mother.kernel,
            x,
            () -> {
              Tensor a = scale.reciprocal(); // u = a x + c
              return torch.stack(new TensorVector(a, translation.mul(a).neg(), heights), -1);
            })
        : Optional.empty();
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("scale", scale);
    registry.tensor("translation", translation);
    if (baseWeight != null) {
      registry.tensor("weight1", baseWeight);
    }
    registry.tensor("wavelet_weights", weight);
    if (norm != null) {
      registry.part("bn", norm);
    }
  }
}
