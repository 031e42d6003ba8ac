package org.kat4j.channel;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Linear;
import org.kat4j.function.StarRelu;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * The two-layer perceptron of the MetaFormer baselines: linear, {@link StarRelu}, linear; no
 * biases.
 *
 * <p>Taps: {@code hidden [batch, tokens, ratio * width]}, the input of the activation. Source:
 * arXiv 2210.13452, with its names.
 */
public final class StarReluMlp implements ChannelMixer {
  /**
   * @param ratio hidden width by width, above 0
   * @param dropout rate after the activation and after the second layer, in [0, 1)
   */
  @Kind("star-relu-mlp")
  public record Spec(double ratio, double dropout) implements ChannelMixer.Spec {
    public Spec {
      Check.positive("ratio", ratio);
      Check.inRange("dropout", dropout, 0, 1);
    }

    public static Spec example() {
      return new Spec(4, 0);
    }

    @Override
    public StarReluMlp build(int width, Context context) {
      return new StarReluMlp(this, width, context);
    }

    @Override
    public long macs(int tokens, int width) {
      return 2L * tokens * width * ChannelMixer.hiddenWidth(ratio, width);
    }
  }

  private final double dropout;
  private final Linear fc1;
  private final StarRelu act;
  private final Linear fc2;

  private StarReluMlp(Spec spec, int width, Context context) {
    dropout = spec.dropout;
    int hidden = ChannelMixer.hiddenWidth(spec.ratio, width);
    fc1 = new Linear(width, hidden, false, context);
    act = new StarRelu(context);
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
    Tensor active = Dropout.elements(act.forward(hidden), dropout, pass);
    return Dropout.elements(fc2.forward(active), dropout, pass);
  }

  @Override
  public void register(Registry registry) {
    registry.part("fc1", fc1);
    registry.part("act", act);
    registry.part("fc2", fc2);
  }
}
