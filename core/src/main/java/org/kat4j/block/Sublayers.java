package org.kat4j.block;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.NoChannelMixer;
import org.kat4j.config.Kind;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.Norm;
import org.kat4j.token.TokenMixer;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Tap;

/**
 * Mixers one after the other, each with a norm and a residual connection of its own.
 *
 * <p>Pre-norm: x = join(x, drop_path(mixer(norm x))); post-norm: x = norm(join(x, drop_path(mixer
 * x))). Taps: the results of the mixers under their state names, and {@code out}. Names of timm's
 * {@code Block}: {@code norm1, attn, ls1, norm2, mlp, ls2}; a mixer that stands there again has its
 * number at the end, {@code mlp3}.
 */
public final class Sublayers implements Block {
  /** Where the norm of a mixer stands. */
  public enum Placement {
    /** Before the mixer, on the branch. */
    PRE,
    /** After the sum, on the stream: the original transformer. */
    POST
  }

  /** Which of the two mixers. */
  public enum Mixer {
    TOKEN,
    CHANNEL
  }

  /**
   * @param tokenMixer the mixer of tokens
   * @param channelMixer the mixer of channels
   * @param placement where the norms stand
   * @param order the mixers from first to last
   * @param norm before or after each
   * @param residual how their results join the stream
   */
  @Kind("sublayers")
  public record Spec(
      TokenMixer.Spec tokenMixer,
      ChannelMixer.Spec channelMixer,
      Placement placement,
      List<Mixer> order,
      Norm.Spec norm,
      ResidualConnection.Spec residual)
      implements Block.Spec {
    public Spec {
      order = List.copyOf(order);
      if (order.stream().allMatch(mixer -> isNothing(mixer, channelMixer))) {
        throw new IllegalArgumentException("order: a block without mixers does nothing");
      }
    }

    private static boolean isNothing(Mixer mixer, ChannelMixer.Spec channelMixer) {
      return mixer == Mixer.CHANNEL && channelMixer instanceof NoChannelMixer.Spec;
    }

    /** A pre-norm block, tokens first. */
    public static Spec pre(
        TokenMixer.Spec tokenMixer,
        ChannelMixer.Spec channelMixer,
        Norm.Spec norm,
        ResidualConnection.Spec residual) {
      return new Spec(
          tokenMixer,
          channelMixer,
          Placement.PRE,
          List.of(Mixer.TOKEN, Mixer.CHANNEL),
          norm,
          residual);
    }

    /** timm's {@code Block} with these mixers. */
    public static Spec timm(
        TokenMixer.Spec tokenMixer,
        ChannelMixer.Spec channelMixer,
        double layerScale,
        double normEpsilon) {
      return pre(
          tokenMixer,
          channelMixer,
          new LayerNorm.Spec(normEpsilon, true),
          ResidualConnection.Spec.scaled(layerScale));
    }

    @Override
    public Sublayers build(int width, double dropPath, Context context) {
      return new Sublayers(this, width, dropPath, context);
    }

    @Override
    public long macs(int tokens, int width) {
      return order.stream()
          .mapToLong(mixer ->
              mixer == Mixer.TOKEN
                  ? tokenMixer.macs(tokens, width)
                  : channelMixer.macs(tokens, width))
          .sum();
    }
  }

  /** What a mixer of either kind computes. */
  private interface Function {
    Tensor apply(Tensor x, Pass pass);
  }

  /** A mixer of either kind with what belongs to it; numbers begin at 1. */
  private record Sublayer(
      int number,
      String name,
      Norm norm,
      Part mixer,
      Function function,
      boolean lowersInput,
      ResidualConnection residual) {}

  private final Placement placement;
  private final double dropPath;
  private final List<Sublayer> sublayers = new ArrayList<>();

  private Sublayers(Spec spec, int width, double dropPath, Context context) {
    placement = spec.placement;
    this.dropPath = dropPath;
    for (Mixer mixer : spec.order) {
      if (Spec.isNothing(mixer, spec.channelMixer)) {
        continue;
      }
      sublayers.add(built(mixer, spec, width, context));
    }
  }

  private Sublayer built(Mixer mixer, Spec spec, int width, Context context) {
    int number = sublayers.size() + 1;
    Norm norm = spec.norm.build(width, context);
    if (mixer == Mixer.TOKEN) {
      TokenMixer built = spec.tokenMixer.build(width, context);
      return new Sublayer(
          number,
          unused(spec.tokenMixer.stateName(), number),
          norm,
          built,
          built::forward,
          built.lowersInput(),
          spec.residual.build(width, context));
    }
    ChannelMixer built = spec.channelMixer.build(width, context);
    return new Sublayer(
        number,
        unused(spec.channelMixer.stateName(), number),
        norm,
        built,
        built::forward,
        built.lowersInput(),
        spec.residual.build(width, context));
  }

  private String unused(String name, int number) {
    return sublayers.stream().anyMatch(other -> other.name.equals(name)) ? name + number : name;
  }

  @Override
  public Residual forward(Residual x, Pass pass) {
    Residual out = x;
    for (Sublayer sublayer : sublayers) {
      out = placement == Placement.PRE ? pre(sublayer, out, pass) : post(sublayer, out, pass);
    }
    return pass.tap() == Tap.NONE ? out : recorded(out, pass.tap());
  }

  private Residual pre(Sublayer sublayer, Residual x, Pass pass) {
    var normed = x.normed(sublayer.norm, sublayer.lowersInput);
    return joined(sublayer, normed.stream(), normed.value(), pass);
  }

  private Residual post(Sublayer sublayer, Residual x, Pass pass) {
    Tensor stream = x.sum();
    return Residual.of(joined(sublayer, stream, stream, pass).normed(sublayer.norm, false).value());
  }

  private Residual joined(Sublayer sublayer, Tensor stream, Tensor x, Pass pass) {
    Tensor mixed = sublayer.function.apply(x, pass.at(sublayer.name));
    pass.tap().record(sublayer.name, mixed);
    return sublayer.residual.join(stream, mixed, dropPath, pass);
  }

  private static Residual recorded(Residual out, Tap tap) {
    Tensor sum = out.sum();
    tap.record("out", sum);
    return Residual.of(sum);
  }

  @Override
  public void register(Registry registry) {
    for (Sublayer sublayer : sublayers) {
      registry.part("norm" + sublayer.number, sublayer.norm);
      registry.part(sublayer.name, sublayer.mixer);
      registry.part(sublayer.residual.stateName() + sublayer.number, sublayer.residual);
    }
  }
}
