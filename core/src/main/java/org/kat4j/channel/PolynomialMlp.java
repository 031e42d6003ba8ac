package org.kat4j.channel;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Linear;
import org.kat4j.function.PolynomialComposition;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * The perceptron of PolyCom: linear, polynomial composition, linear, without biases and gate.
 *
 * <p>Taps: {@code hidden [batch, tokens, ratio * width]}, the input of the composition. Source:
 * Polynomial Composition Activations, arXiv 2411.03884.
 */
public final class PolynomialMlp implements ChannelMixer {
  /**
   * @param ratio hidden width by width, above 0
   * @param composition PolyReLU or PolyNorm
   * @param dropout rate after the composition and after the second layer, in [0, 1)
   */
  @Kind("polynomial")
  public record Spec(double ratio, PolynomialComposition.Spec composition, double dropout)
      implements ChannelMixer.Spec {
    public Spec {
      Check.positive("ratio", ratio);
      Check.inRange("dropout", dropout, 0, 1);
    }

    public static Spec example() {
      return new Spec(4, PolynomialComposition.Spec.example(), 0);
    }

    @Override
    public PolynomialMlp build(int width, Context context) {
      return new PolynomialMlp(this, width, context);
    }

    @Override
    public long macs(int tokens, int width) {
      int hidden = ChannelMixer.hiddenWidth(ratio, width);
      return 2L * tokens * width * hidden + 3L * tokens * hidden * composition.order();
    }
  }

  private final Spec spec;
  private final Linear fc1;
  private final PolynomialComposition act;
  private final Linear fc2;

  private PolynomialMlp(Spec spec, int width, Context context) {
    this.spec = spec;
    int hidden = ChannelMixer.hiddenWidth(spec.ratio, width);
    fc1 = new Linear(width, hidden, false, context);
    act = spec.composition.build(context);
    fc2 = new Linear(hidden, width, false, context);
  }

  @Override
  public boolean lowersInput() {
    return true;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor hidden = fc1.forward(x); // [batch, tokens, ratio * width]
    pass.tap().record("hidden", hidden);
    Tensor active = Dropout.elements(act.forward(hidden), spec.dropout, pass);
    return Dropout.elements(fc2.forward(active), spec.dropout, pass);
  }

  @Override
  public void register(Registry registry) {
    registry.part("fc1", fc1);
    registry.part("act", act);
    registry.part("fc2", fc2);
  }
}
