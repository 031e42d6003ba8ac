package org.kat4j.channel;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * Adds nothing to the stream: a block with it has neither a mixer of channels nor the norm before
 * it. Source: Reducing the transformer architecture to a minimum, arXiv 2410.13732.
 */
public final class NoChannelMixer implements ChannelMixer {
  /** Nothing to choose. */
  @Kind("none")
  public record Spec() implements ChannelMixer.Spec {
    public static Spec example() {
      return new Spec();
    }

    @Override
    public NoChannelMixer build(int width, Context context) {
      return new NoChannelMixer();
    }

    @Override
    public long macs(int tokens, int width) {
      return 0;
    }
  }

  private NoChannelMixer() {}

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    return torch.zeros_like(x);
  }

  @Override
  public void register(Registry registry) {}
}
