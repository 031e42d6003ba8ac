package org.kat4j.channel;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Linear;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Tap;

/**
 * The transformer's two-layer perceptron: linear, fixed activation, linear.
 *
 * <p>Taps: {@code hidden [batch, tokens, ratio * width]}, the input of the activation. Names of
 * timm's {@code Mlp}.
 */
public final class Mlp implements ChannelMixer {
  /** Fixed activations. */
  public enum Activation {
    GELU(2.3517) {
      @Override
      Tensor apply(Tensor x) {
        return torch.gelu(x);
      }
    },
    /** GELU with its integral approximated by a hyperbolic tangent: GPT-2's. */
    GELU_TANH(2.3519) {
      @Override
      Tensor apply(Tensor x) {
        return torch.gelu(x, "tanh");
      }
    },
    SILU(2.8108) {
      @Override
      Tensor apply(Tensor x) {
        return torch.silu(x);
      }
    },
    RELU(2) {
      @Override
      Tensor apply(Tensor x) {
        return torch.relu(x);
      }
    },
    /** max(x, 0)^2. Source: Primer, arXiv 2109.08668. */
    SQUARED_RELU(2 / 3.0) {
      @Override
      Tensor apply(Tensor x) {
        return torch.relu(x).square();
      }
    };

    private final double alpha;

    Activation(double alpha) {
      this.alpha = alpha;
    }

    abstract Tensor apply(Tensor x);

    /** 1 / E[f(x)^2] for x ~ N(0, 1): the factor that keeps the variance in the next layer. */
    public double alpha() {
      return alpha;
    }
  }

  /**
   * @param ratio hidden width by width, above 0
   * @param activation the fixed activation
   * @param dropout rate after the activation and after the second layer, in [0, 1)
   */
  @Kind("mlp")
  public record Spec(double ratio, Activation activation, double dropout)
      implements ChannelMixer.Spec {
    public Spec {
      Check.positive("ratio", ratio);
      Check.inRange("dropout", dropout, 0, 1);
    }

    /** The MLP of ViT: ratio 4, GELU. */
    public static Spec example() {
      return new Spec(4, Activation.GELU, 0);
    }

    @Override
    public Mlp build(int width, Context context) {
      return new Mlp(this, width, context);
    }

    @Override
    public long macs(int tokens, int width) {
      return 2L * tokens * width * ChannelMixer.hiddenWidth(ratio, width);
    }
  }

  private final Spec spec;
  private final Linear fc1;
  private final Linear fc2;

  private Mlp(Spec spec, int width, Context context) {
    this.spec = spec;
    int hidden = ChannelMixer.hiddenWidth(spec.ratio, width);
    fc1 = new Linear(width, hidden, true, context);
    fc2 = new Linear(hidden, width, true, context);
  }

  @Override
  public boolean lowersInput() {
    return true;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor active = Dropout.elements(active(x, pass), spec.dropout, pass);
    return Dropout.elements(fc2.forward(active), spec.dropout, pass);
  }

  /** {@code [batch, tokens, ratio * width]}. */
  private Tensor active(Tensor x, Pass pass) {
    if (spec.activation == Activation.GELU && pass.tap() == Tap.NONE) {
      return fc1.forwardGelu(x);
    }
    Tensor hidden = fc1.forward(x);
    pass.tap().record("hidden", hidden);
    return spec.activation.apply(hidden);
  }

  public Activation activation() {
    return spec.activation;
  }

  public Linear fc1() {
    return fc1;
  }

  public Linear fc2() {
    return fc2;
  }

  @Override
  public void register(Registry registry) {
    registry.part("fc1", fc1);
    registry.part("fc2", fc2);
  }
}
