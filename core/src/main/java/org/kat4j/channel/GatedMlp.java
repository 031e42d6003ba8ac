package org.kat4j.channel;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Linear;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * A gated perceptron: W2 (f(W_g x) * W_x x), each matrix with or without a bias. With SiLU as f it
 * is SwiGLU.
 *
 * <p>It has three matrices, so at 2/3 of an {@link Mlp}'s ratio it has as many parameters. Taps:
 * {@code hidden [batch, tokens, ratio * width]}, the input of f. Source: GLU Variants Improve
 * Transformer, arXiv 2002.05202; names of timm's {@code SwiGLU}.
 */
public final class GatedMlp implements ChannelMixer {
  /**
   * @param ratio hidden width by width, above 0
   * @param activation f
   * @param bias whether all three layers have one
   * @param dropout rate after the product and after the last layer, in [0, 1)
   */
  @Kind("gated-mlp")
  public record Spec(double ratio, Mlp.Activation activation, boolean bias, double dropout)
      implements ChannelMixer.Spec {
    public Spec {
      Check.positive("ratio", ratio);
      Check.inRange("dropout", dropout, 0, 1);
    }

    /** SwiGLU about as large as an MLP of ratio 4. */
    public static Spec example() {
      return new Spec(8 / 3.0, Mlp.Activation.SILU, false, 0);
    }

    @Override
    public GatedMlp build(int width, Context context) {
      return new GatedMlp(this, width, context);
    }

    @Override
    public long macs(int tokens, int width) {
      return 3L * tokens * width * ChannelMixer.hiddenWidth(ratio, width);
    }
  }

  private final Spec spec;
  private final Linear gate;
  private final Linear value;
  private final Linear fc2;

  private GatedMlp(Spec spec, int width, Context context) {
    this.spec = spec;
    int hidden = ChannelMixer.hiddenWidth(spec.ratio, width);
    gate = new Linear(width, hidden, spec.bias, context);
    value = new Linear(width, hidden, spec.bias, context);
    fc2 = new Linear(hidden, width, spec.bias, context);
  }

  @Override
  public boolean lowersInput() {
    return true;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor hidden = gate.forward(x); // [batch, tokens, ratio * width]
    pass.tap().record("hidden", hidden);
    Tensor gated = spec.activation.apply(hidden).mul(value.forward(x));
    return Dropout.elements(
        fc2.forward(Dropout.elements(gated, spec.dropout, pass)), spec.dropout, pass);
  }

  @Override
  public void register(Registry registry) {
    registry.part("fc1_g", gate);
    registry.part("fc1_x", value);
    registry.part("fc2", fc2);
  }
}
