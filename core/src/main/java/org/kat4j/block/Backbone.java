package org.kat4j.block;

import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;

/** The blocks of a model: {@code [batch, tokens, width]} to the same shape. */
public interface Backbone extends Part {
  /** What is pending may stay so: the norm that follows adds it. */
  Residual forward(Residual x, Pass pass);

  /** Blocks as data. */
  sealed interface Spec permits Stack.Spec {
    /**
     * @param width channels of a token
     * @param dropPath drop path rate of the last block; it grows linearly from 0
     */
    Backbone build(int width, double dropPath, Context context);

    /** Multiply-accumulates of one forward over {@code tokens} tokens. */
    long macs(int tokens, int width);
  }
}
