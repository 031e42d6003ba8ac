package org.kat4j.block;

import java.util.List;
import org.kat4j.config.Kind;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;

/**
 * The blocks of a model and the order in which they are gone through: {@code [batch, tokens,
 * width]} to the same shape. Names of the state dict are those of the {@link Stack}, whatever the
 * order.
 */
public interface Backbone extends Part {
  /** What is pending may stay so: the norm that follows adds it. */
  Residual forward(Residual x, Pass pass);

  /** Everything that training asks to be right: {@link #forward} is the last of them. */
  default List<Residual> outputs(Residual x, Pass pass) {
    return List.of(forward(x, pass));
  }

  /** An order as data. */
  sealed interface Spec permits Once, Looped.Spec, Iterated.Spec {
    /** Each block once. */
    static Spec example() {
      return new Once();
    }

    /** Goes through these blocks, which are its own from now on. */
    Backbone over(Stack blocks);

    /**
     * Makes sure that so many blocks can be gone through so.
     *
     * @param layout how the tokens lie
     * @throws IllegalArgumentException where they cannot
     */
    void check(int depth, Layout layout);

    /** Multiply-accumulates of one forward over {@code tokens} tokens. */
    long macs(Stack.Spec blocks, int tokens, int width);
  }

  /** Each block once, one after the other. */
  @Kind("stack")
  record Once() implements Spec {
    public static Once example() {
      return new Once();
    }

    @Override
    public Backbone over(Stack blocks) {
      return blocks;
    }

    @Override
    public void check(int depth, Layout layout) {}

    @Override
    public long macs(Stack.Spec blocks, int tokens, int width) {
      return blocks.macs(tokens, width);
    }
  }
}
