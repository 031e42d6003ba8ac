package org.kat4j.token;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;

/** Exchanges information between tokens: {@code [batch, tokens, width]} to the same shape. */
public interface TokenMixer extends Part {
  Tensor forward(Tensor x, Pass pass);

  /**
   * Whether x may come in the lower type under autocast, because all that is done with it starts by
   * rounding it so.
   */
  default boolean lowersInput() {
    return false;
  }

  /**
   * A token mixer as data. To add one: a record here in this package, its name in the {@code
   * permits} clause, a test with the sheet's worked example. Every spec has a static {@code
   * example()}: small, valid, the defaults of its YAML form.
   */
  sealed interface Spec
      permits Attention.Spec,
          KanAttention.Spec,
          Pooling.Spec,
          IdentityMixer.Spec,
          RandomMixer.Spec,
          LinearMixer.Spec,
          Depthwise.Spec,
          SeparableConvolution.Spec {
    /**
     * The mixer for tokens of {@code width} channels; fails with the field's name when width does
     * not fit.
     */
    TokenMixer build(int width, Context context);

    /** Multiply-accumulates of one forward over {@code tokens} tokens. */
    long macs(int tokens, int width);

    /** Its name in the state dict of a block. */
    default String stateName() {
      return "attn";
    }
  }
}
