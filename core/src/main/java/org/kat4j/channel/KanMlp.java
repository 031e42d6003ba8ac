package org.kat4j.channel;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * Two KAN layers instead of the transformer's perceptron: width to hidden width and back.
 *
 * <p>{@code channelMixer: {kind: kan, ratio: 0.5, function: {kind: chebyshev}}}. Taps: {@code
 * hidden [batch, tokens, ratio * width]}, what the second layer sees; {@code fc1.input} and {@code
 * fc2.input}.
 */
public final class KanMlp implements ChannelMixer {
  /**
   * @param ratio hidden width by width, above 0
   * @param function of both layers
   * @param hiddenNorm whether a layer norm keeps the second layer's inputs near its grid
   * @param dropout rate after each layer, in [0, 1)
   */
  @Kind("kan")
  public record Spec(double ratio, KanLayer.Spec function, boolean hiddenNorm, double dropout)
      implements ChannelMixer.Spec {
    public Spec {
      Check.positive("ratio", ratio);
      Check.inRange("dropout", dropout, 0, 1);
    }

    /** B-splines; a hidden width below the token's, since every edge has nine numbers or so. */
    public static Spec example() {
      return new Spec(0.5, BSpline.Spec.example(), true, 0);
    }

    @Override
    public KanMlp build(int width, Context context) {
      return new KanMlp(this, width, context);
    }

    @Override
    public long macs(int tokens, int width) {
      int hidden = ChannelMixer.hiddenWidth(ratio, width);
      return tokens * (function.macs(width, hidden) + function.macs(hidden, width));
    }
  }

  private static final double NORM_EPSILON = 1e-5;

  private final Spec spec;
  private final KanLayer first;
  private final @Nullable LayerNorm norm;
  private final KanLayer second;

  private KanMlp(Spec spec, int width, Context context) {
    this.spec = spec;
    int hidden = ChannelMixer.hiddenWidth(spec.ratio, width);
    first = spec.function.build(width, hidden, context);
    norm = spec.hiddenNorm ? new LayerNorm(hidden, NORM_EPSILON, context) : null;
    second = spec.function.build(hidden, width, context);
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor y = Dropout.elements(first.forwardHeard(x, pass.at("fc1")), spec.dropout, pass);
    Tensor hidden = norm == null ? y : norm.forward(y); // [batch, tokens, ratio * width]
    pass.tap().record("hidden", hidden);
    return Dropout.elements(second.forwardHeard(hidden, pass.at("fc2")), spec.dropout, pass);
  }

  @Override
  public void register(Registry registry) {
    registry.part("fc1", first);
    if (norm != null) {
      registry.part("norm", norm);
    }
    registry.part("fc2", second);
  }
}
