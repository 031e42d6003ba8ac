package org.kat4j.channel;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Linear;
import org.kat4j.function.kan.Daruan;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * A KAN layer between two linear ones of few channels; with data re-uploading functions it is
 * HQKAN.
 *
 * <p>Taps: {@code latent [batch, tokens, latent]}, what the KAN layer sees, also as {@code
 * kan.input}. Compare with the linear layers alone: most of what it saves comes from the
 * bottleneck. Source: arXiv 2509.14026.
 */
public final class LatentKan implements ChannelMixer {
  /**
   * @param latent channels between the linear layers, 2 to 1,048,576
   * @param function of the KAN layer
   */
  @Kind("latent-kan")
  public record Spec(int latent, KanLayer.Spec function) implements ChannelMixer.Spec {
    public Spec {
      Check.between("latent", latent, 2, ChannelMixer.MAX_HIDDEN);
    }

    /** Of GPT-2 small in the paper, with a circuit for each edge. */
    public static Spec example() {
      return new Spec(10, Daruan.Spec.example());
    }

    @Override
    public LatentKan build(int width, Context context) {
      return new LatentKan(this, width, context);
    }

    @Override
    public long macs(int tokens, int width) {
      return tokens * (2L * width * latent + function.macs(latent, latent));
    }
  }

  private final Linear down;
  private final KanLayer kan;
  private final Linear up;

  private LatentKan(Spec spec, int width, Context context) {
    down = new Linear(width, spec.latent, true, context);
    kan = spec.function.build(spec.latent, spec.latent, context);
    up = new Linear(spec.latent, width, true, context);
  }

  @Override
  public boolean lowersInput() {
    return true;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor latent = down.forward(x); // [batch, tokens, latent]
    pass.tap().record("latent", latent);
    return up.forward(kan.forwardHeard(latent, pass.at("kan")));
  }

  @Override
  public void register(Registry registry) {
    registry.part("down", down);
    registry.part("kan", kan);
    registry.part("up", up);
  }
}
