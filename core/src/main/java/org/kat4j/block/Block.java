package org.kat4j.block;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;

/** A piece of a {@link Backbone}: {@code [batch, tokens, width]} to the same shape. */
public interface Block extends Part {
  /** Between blocks: what is pending may stay so. */
  Residual forward(Residual x, Pass pass);

  /** The same for a block that stands alone. */
  default Tensor forward(Tensor x, Pass pass) {
    return forward(Residual.of(x), pass).sum();
  }

  /** A block as data. */
  sealed interface Spec permits Sublayers.Spec {
    /**
     * @param width channels of a token
     * @param dropPath probability that a sample skips a mixer during training
     */
    Block build(int width, double dropPath, Context context);

    /** Multiply-accumulates of one forward over {@code tokens} tokens. */
    long macs(int tokens, int width);
  }
}
