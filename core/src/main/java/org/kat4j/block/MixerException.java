package org.kat4j.block;

import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.Mlp;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.token.Attention;
import org.kat4j.token.TokenMixer;

/** Blocks of a {@link Stack} that have another mixer than the rest. */
public sealed interface MixerException {
  /** The first such block, from 0. */
  int first();

  /** Every so many blocks after it; 0 for no other. */
  int every();

  /** A block of the rest with this mixer. */
  Sublayers.Spec in(Sublayers.Spec block);

  /** Whether the block at a place, from 0, is one. */
  default boolean isAt(int place) {
    return place == first() || every() > 0 && place > first() && (place - first()) % every() == 0;
  }

  /**
   * @param first the first such block, from 0
   * @param every so many blocks further the next one; 0 for no other
   * @param mixer their mixer of tokens
   */
  @Kind("token-mixer")
  record OfTokens(int first, int every, TokenMixer.Spec mixer) implements MixerException {
    public OfTokens {
      Check.atLeast("first", first, 0);
      Check.atLeast("every", every, 0);
    }

    public static OfTokens example() {
      return new OfTokens(0, 0, Attention.Spec.example());
    }

    @Override
    public Sublayers.Spec in(Sublayers.Spec b) {
      return new Sublayers.Spec(
          mixer, b.channelMixer(), b.placement(), b.order(), b.norm(), b.residual());
    }
  }

  /**
   * @param first the first such block, from 0
   * @param every so many blocks further the next one; 0 for no other
   * @param mixer their mixer of channels
   */
  @Kind("channel-mixer")
  record OfChannels(int first, int every, ChannelMixer.Spec mixer) implements MixerException {
    public OfChannels {
      Check.atLeast("first", first, 0);
      Check.atLeast("every", every, 0);
    }

    public static OfChannels example() {
      return new OfChannels(0, 0, Mlp.Spec.example());
    }

    @Override
    public Sublayers.Spec in(Sublayers.Spec b) {
      return new Sublayers.Spec(
          b.tokenMixer(), mixer, b.placement(), b.order(), b.norm(), b.residual());
    }
  }
}
