package org.kat4j.block;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.config.Check;
import org.kat4j.function.LayerNorm;
import org.kat4j.token.TokenMixer;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Tap;

/**
 * A pre-norm residual block: a token mixer, then a channel mixer.
 *
 * <p>x = x + drop_path(scale(tokens(norm1 x))); x = x + drop_path(scale(channels(norm2 x))). Taps:
 * the results of the two mixers under their state names, and {@code out}. Names of timm's {@code
 * Block}.
 */
public final class TransformerBlock implements Part {
  /**
   * @param tokenMixer the first slot
   * @param channelMixer the second slot
   * @param layerScale initial value of the layer scale, 0 for none
   * @param normEpsilon added to the variance in the norms
   */
  public record Spec(
      TokenMixer.Spec tokenMixer,
      ChannelMixer.Spec channelMixer,
      double layerScale,
      double normEpsilon) {
    public Spec {
      Check.inRange("layerScale", layerScale, 0, Double.POSITIVE_INFINITY);
      Check.positive("normEpsilon", normEpsilon);
    }
  }

  private final Spec spec;
  private final double dropPath;
  private final LayerNorm norm1;
  private final TokenMixer tokens;
  private final @Nullable LayerScale ls1;
  private final LayerNorm norm2;
  private final ChannelMixer channels;
  private final @Nullable LayerScale ls2;

  /**
   * @param width channels of a token
   * @param dropPath probability that a sample skips a mixer during training
   */
  public TransformerBlock(Spec spec, int width, double dropPath, Context context) {
    this.spec = spec;
    this.dropPath = dropPath;
    norm1 = new LayerNorm(width, spec.normEpsilon, context);
    tokens = spec.tokenMixer.build(width, context);
    ls1 = spec.layerScale == 0 ? null : new LayerScale(width, spec.layerScale, context);
    norm2 = new LayerNorm(width, spec.normEpsilon, context);
    channels = spec.channelMixer.build(width, context);
    ls2 = spec.layerScale == 0 ? null : new LayerScale(width, spec.layerScale, context);
  }

  /** {@code [batch, tokens, width]} to the same shape. */
  public Tensor forward(Tensor x, Pass pass) {
    return forward(Residual.of(x), pass).sum();
  }

  /** The same for a block between blocks. */
  public Residual forward(Residual x, Pass pass) {
    String tokenName = spec.tokenMixer.stateName();
    String channelName = spec.channelMixer.stateName();
    var first = x.normed(norm1, tokens.lowersInput());
    Tensor mixedTokens = tokens.forward(first.value(), pass.at(tokenName));
    pass.tap().record(tokenName, mixedTokens);
    var second =
        first
            .add(Dropout.samples(scaled(ls1, mixedTokens), dropPath, pass))
            .normed(norm2, channels.lowersInput());
    Tensor mixedChannels = channels.forward(second.value(), pass.at(channelName));
    pass.tap().record(channelName, mixedChannels);
    Residual out = second.add(Dropout.samples(scaled(ls2, mixedChannels), dropPath, pass));
    return pass.tap() == Tap.NONE ? out : recorded(out, pass.tap());
  }

  private static Residual recorded(Residual out, Tap tap) {
    Tensor sum = out.sum();
    tap.record("out", sum);
    return Residual.of(sum);
  }

  private static Tensor scaled(@Nullable LayerScale scale, Tensor x) {
    return scale == null ? x : scale.forward(x);
  }

  @Override
  public void register(Registry registry) {
    registry.part("norm1", norm1);
    registry.part(spec.tokenMixer.stateName(), tokens);
    if (ls1 != null) {
      registry.part("ls1", ls1);
    }
    registry.part("norm2", norm2);
    registry.part(spec.channelMixer.stateName(), channels);
    if (ls2 != null) {
      registry.part("ls2", ls2);
    }
  }
}
