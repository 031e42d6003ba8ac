package org.kat4j.function.kan;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.LayerNorm;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * SKAN: functions of one parameter on every edge, y_o = sum over i of f(norm(x)_i, w[o,i]), with an
 * input that is always 1.
 *
 * <p>All edges' values {@code [rows, out, in + 1]} are in memory. Source: LSS-SKAN, arXiv
 * 2410.14951; names of hoangthangta/All-KAN.
 */
public final class SingleParameter implements KanLayer {
  /** f(x, k). */
  public enum Function {
    /** log((1 + e^(k x)) / 2). */
    SHIFTED_SOFTPLUS {
      @Override
      Tensor of(Tensor x, Tensor k) {
        return torch.softplus(k.mul(x)).sub(new Scalar(Math.log(2)));
      }
    },
    /** k arctan x. */
    ARCTAN {
      @Override
      Tensor of(Tensor x, Tensor k) {
        return k.mul(x.atan());
      }
    },
    /** k sin x. */
    SIN {
      @Override
      Tensor of(Tensor x, Tensor k) {
        return k.mul(x.sin());
      }
    },
    /** k cos x. */
    COS {
      @Override
      Tensor of(Tensor x, Tensor k) {
        return k.mul(x.cos());
      }
    },
    /** max(k x, 0). */
    RELU {
      @Override
      Tensor of(Tensor x, Tensor k) {
        return k.mul(x).relu();
      }
    };

    abstract Tensor of(Tensor x, Tensor k);
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
  private final LayerNorm norm;
  private final Tensor weight; // [out, in (+ 1)]

  private SingleParameter(Spec spec, int in, int out, Context context) {
    this.spec = spec;
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
    return spec.function.of(u.unsqueeze(-2), weight).sum(-1); // [..., out, in] summed
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight", weight);
    registry.part("layernorm", norm);
  }
}
