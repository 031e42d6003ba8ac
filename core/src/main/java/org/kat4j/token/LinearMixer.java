package org.kat4j.token;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Kind;
import org.kat4j.function.Linear;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * A linear layer over the tokens, the same for each channel: {@code weight [tokens, tokens]},
 * {@code bias [tokens]}.
 *
 * <p>Source: the cross-patch layer of ResMLP, arXiv 2105.03404.
 */
public record LinearMixer(Linear linear) implements TokenMixer {
  /** It has no numbers to choose. */
  @Kind("linear")
  public record Spec() implements TokenMixer.Spec {
    public static Spec example() {
      return new Spec();
    }

    @Override
    public LinearMixer build(int width, Context context) {
      int tokens = context.layout().grid("a linear layer over tokens").tokens();
      return new LinearMixer(new Linear(tokens, tokens, true, context));
    }

    @Override
    public long macs(int tokens, int width) {
      return (long) tokens * tokens * width;
    }

    @Override
    public String stateName() {
      return "token_mixer";
    }
  }

  @Override
  public boolean lowersInput() {
    return true;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    return linear.forward(x.transpose(1, 2)).transpose(1, 2); // [batch, tokens, width]
  }

  @Override
  public void register(Registry registry) {
    linear.register(registry);
  }
}
