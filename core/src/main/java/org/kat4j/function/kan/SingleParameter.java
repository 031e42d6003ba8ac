package org.kat4j.function.kan;

import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.LayerNorm;
import org.kat4j.kernel.EdgeFunction;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * SKAN: functions of one parameter on every edge, y_o = sum over i of f(norm(x)_i, w[o,i]), with an
 * input that is always 1.
 *
 * <p>Most are products of a function of x and one of k, and the sum a matrix product; the softplus
 * is summed by a kernel of the CPU. Where there is none, all its values {@code [rows, out, in + 1]}
 * are in memory. Source: LSS-SKAN, arXiv 2410.14951; names of hoangthangta/All-KAN.
 */
public final class SingleParameter implements KanLayer {
  /** f(x, k). */
  public enum Function {
    /** log((1 + e^(k x)) / 2). */
    SHIFTED_SOFTPLUS {
      @Override
      Tensor sum(Tensor x, Tensor k, boolean fused) {
        Optional<Tensor> y = fused ? fused(x, k) : Optional.empty();
        return y.orElseGet(() -> composed(x, k));
      }

      private static Optional<Tensor> fused(Tensor x, Tensor k) {
        return FusedEdges.sum(
            new EdgeFunction.Dilated(EdgeFunction.Form.SHIFTED_SOFTPLUS),
            x,
            () -> torch.stack(new TensorVector(k, torch.zeros_like(k), torch.ones_like(k)), -1));
      }

      private static Tensor composed(Tensor x, Tensor k) {
        Tensor edges = k.mul(x.unsqueeze(-2)); // [..., out, in]
        return torch.softplus(edges).sub(new Scalar(Math.log(2))).sum(-1);
      }
    },
    /** k arctan x. */
    ARCTAN {
      @Override
      Tensor sum(Tensor x, Tensor k, boolean fused) {
        return torch.linear(x.atan(), k);
      }
    },
    /** k sin x. */
    SIN {
      @Override
      Tensor sum(Tensor x, Tensor k, boolean fused) {
        return torch.linear(x.sin(), k);
      }
    },
    /** k cos x. */
    COS {
      @Override
      Tensor sum(Tensor x, Tensor k, boolean fused) {
        return torch.linear(x.cos(), k);
      }
    },
    /** max(k x, 0): both positive, or both negative. */
    RELU {
      @Override
      Tensor sum(Tensor x, Tensor k, boolean fused) {
        return torch.linear(x.relu(), k.relu()).add(torch.linear(x.neg().relu(), k.neg().relu()));
      }
    };

    /** {@code x [..., in]} and {@code k [out, in]} to sums over the inputs {@code [..., out]}. */
    abstract Tensor sum(Tensor x, Tensor k, boolean fused);
  }

  /**
   * @param function f
   * @param bias whether there is an input that is always 1
   */
  @Kind("single-parameter")
  public record Spec(Function function, boolean bias) implements KanLayer.Spec {
    public static Spec example() {
      return new Spec(Function.SHIFTED_SOFTPLUS, true);
    }

    @Override
    public SingleParameter build(int in, int out, Context context) {
      Check.atLeast("inputs of a single-parameter layer", in, 2); // its layer norm needs two
      return new SingleParameter(this, in, out, context);
    }

    @Override
    public long macs(int in, int out) {
      return 2L * in * out;
    }
  }

  private static final double NORM_EPSILON = 1e-5;

  private final Spec spec;
  private final boolean fused;
  private final LayerNorm norm;
  private final Tensor weight; // [out, in (+ 1)]

  private SingleParameter(Spec spec, int in, int out, Context context) {
    this.spec = spec;
    fused = context.fused();
    int inputs = spec.bias ? in + 1 : in;
    weight = context.parameter(out, inputs);
    norm = new LayerNorm(in, NORM_EPSILON, context);
    Init.uniform(weight, 1 / Math.sqrt(inputs), context.random());
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor u = norm.forward(x);
    if (spec.bias) {
      u = torch.cat(new TensorVector(u, torch.ones_like(u.narrow(-1, 0, 1))), -1);
    }
    return spec.function.sum(u, weight, fused);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight", weight);
    registry.part("layernorm", norm);
  }
}
