package org.kat4j.block;

import java.util.ArrayList;
import java.util.List;
import org.kat4j.config.Check;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** Blocks one after the other; names {@code 0, 1, …}, as of a list. */
public final class Stack implements Backbone {
  /**
   * @param depth number of blocks
   * @param block every block that is not named below
   * @param exceptions blocks with another mixer; where two name one block, the later counts
   */
  public record Spec(int depth, Sublayers.Spec block, List<MixerException> exceptions) {
    public Spec {
      exceptions = List.copyOf(exceptions);
      Check.between("depth", depth, 1, 1_000);
      for (MixerException exception : exceptions) {
        Check.between("exceptions: first", exception.first(), 0, depth - 1);
      }
    }

    /**
     * @param width channels of a token
     * @param dropPath drop path rate of the last block; it grows linearly from 0
     */
    public Stack build(int width, double dropPath, Context context) {
      return new Stack(this, width, new Among(0, depth, dropPath), context);
    }

    /** Blocks of a model that has more of them, elsewhere. */
    public Stack build(int width, Among all, Context context) {
      return new Stack(this, width, all, context);
    }

    /** The block at a place, from 0. */
    public Sublayers.Spec at(int place) {
      Sublayers.Spec here = block;
      for (MixerException exception : exceptions) {
        here = exception.isAt(place) ? exception.in(here) : here;
      }
      return here;
    }

    /** Multiply-accumulates of one forward over {@code tokens} tokens. */
    public long macs(int tokens, int width) {
      return macs(0, depth, tokens, width);
    }

    /** The same of the blocks from one place to before another. */
    long macs(int from, int to, int tokens, int width) {
      long all = 0;
      for (int i = from; i < to; i++) {
        all += at(i).macs(tokens, width);
      }
      return all;
    }
  }

  /**
   * The place of a stack's blocks among all blocks of a model.
   *
   * @param before blocks of earlier stacks
   * @param count all blocks
   * @param dropPath drop path rate of the last of all; it grows linearly from 0
   */
  public record Among(int before, int count, double dropPath) {
    /** Drop path rate of block {@code i} of the stack. */
    public double rate(int i) {
      return count == 1 ? 0 : dropPath * (before + i) / (count - 1);
    }
  }

  private final List<Block> blocks = new ArrayList<>();
  private final List<String> names = new ArrayList<>();

  private Stack(Spec spec, int width, Among all, Context context) {
    for (int i = 0; i < spec.depth; i++) {
      Context here = context.atBlock(all.before + i, all.count);
      blocks.add(spec.at(i).build(width, all.rate(i), here));
      names.add(String.valueOf(i));
    }
  }

  @Override
  public Residual forward(Residual x, Pass pass) {
    return forward(x, 0, blocks.size(), pass);
  }

  /** Through the blocks from one place to before another. */
  Residual forward(Residual x, int from, int to, Pass pass) {
    Residual out = x;
    for (int i = from; i < to; i++) {
      out = blocks.get(i).forward(out, pass.at(names.get(i)));
    }
    return out;
  }

  /** How many blocks. */
  int depth() {
    return blocks.size();
  }

  @Override
  public void register(Registry registry) {
    for (int i = 0; i < blocks.size(); i++) {
      registry.part(names.get(i), blocks.get(i));
    }
  }
}
