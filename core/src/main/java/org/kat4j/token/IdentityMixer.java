package org.kat4j.token;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * Leaves every token as it is, inside the residual connection: what a transformer does without
 * mixing. Source: IdentityFormer, arXiv 2210.13452.
 */
public record IdentityMixer() implements TokenMixer {
  /** It has no numbers to choose. */
  @Kind("identity")
  public record Spec() implements TokenMixer.Spec {
    public static Spec example() {
      return new Spec();
    }

    @Override
    public IdentityMixer build(int width, Context context) {
      return new IdentityMixer();
    }

    @Override
    public long macs(int tokens, int width) {
      return 0;
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
    return x;
  }

  @Override
  public void register(Registry registry) {}
}
