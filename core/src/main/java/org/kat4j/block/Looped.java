package org.kat4j.block;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * Some blocks once, those in the middle several times with the same weights, the rest once:
 * post(shared^times(pre(x))). The results of the last loops, each through the blocks at the end,
 * are what training asks to be right; the loops before them run without a gradient.
 *
 * <p>Sources: AlgoFormer, arXiv 2402.13572; looped transformers, arXiv 2311.12424, which begin with
 * zeros and add the input in every loop.
 */
public final class Looped implements Backbone {
  /** What a loop gets besides the result of the loop before it. */
  public enum Injection {
    /** Nothing. */
    NONE,
    /** The input of the loops is added. */
    ADD
  }

  /** What the first loop goes on from. */
  public enum Start {
    /** The input of the loops. */
    INPUT,
    /** Zeros, so that the first loop sees nothing but what is added. */
    ZEROS
  }

  /**
   * @param pre blocks before the loops
   * @param post blocks after them; those in between are gone through several times
   * @param times number of loops
   * @param window loops whose results training asks to be right, counted from the last one
   * @param injection what every loop gets besides the result of the one before
   * @param start what the first loop goes on from
   * @param truncated whether gradients end before the window
   */
  @Kind("looped")
  public record Spec(
      int pre, int post, int times, int window, Injection injection, Start start, boolean truncated)
      implements Backbone.Spec {
    public Spec {
      Check.between("pre", pre, 0, 1_000);
      Check.between("post", post, 0, 1_000);
      Check.between("times", times, 1, 10_000);
      Check.between("window", window, 1, times);
      if (injection == Injection.NONE && start == Start.ZEROS) {
        throw new IllegalArgumentException(
            "start: zeros needs injection: add, else nothing of the input gets into the loops");
      }
      if (injection == Injection.NONE && truncated && window < times) {
        throw new IllegalArgumentException(
            "truncated: what stands before the loops would get no gradient; set injection: add, window: %d or truncated: false"
                .formatted(times));
      }
    }

    /** Four loops with their input, whose last two count. */
    public static Spec example() {
      return new Spec(0, 0, 4, 2, Injection.ADD, Start.INPUT, true);
    }

    @Override
    public Looped over(Stack blocks) {
      return new Looped(this, blocks);
    }

    @Override
    public void check(int depth, Layout layout) {
      if (pre + post >= depth) {
        throw new IllegalArgumentException(
            "backbone: %d blocks before and after the loops leave none of %d for them"
                .formatted(pre + post, depth));
      }
    }

    @Override
    public long macs(Stack.Spec blocks, int tokens, int width) {
      int end = blocks.depth() - post;
      return blocks.macs(0, pre, tokens, width)
          + times * blocks.macs(pre, end, tokens, width)
          + blocks.macs(end, blocks.depth(), tokens, width);
    }
  }

  private final Spec spec;
  private final Stack blocks;

  private Looped(Spec spec, Stack blocks) {
    this.spec = spec;
    this.blocks = blocks;
  }

  @Override
  public Residual forward(Residual x, Pass pass) {
    return lastOf(1, x, pass).getLast();
  }

  @Override
  public List<Residual> outputs(Residual x, Pass pass) {
    return lastOf(spec.window, x, pass);
  }

  /** The results of the last loops, from the earliest on. */
  private List<Residual> lastOf(int count, Residual x, Pass pass) {
    int end = blocks.depth() - spec.post;
    Tensor input = blocks.forward(x, 0, spec.pre, pass).sum(); // [batch, tokens, width]
    Tensor z = spec.start == Start.ZEROS ? torch.zeros_like(input) : input;
    List<Residual> results = new ArrayList<>();
    for (int loop = 1; loop <= spec.times; loop++) {
      boolean counts = loop > spec.times - spec.window;
      z = counts || !spec.truncated ? loop(z, input, pass) : withoutGradient(z, input, pass);
      if (loop > spec.times - count) {
        results.add(blocks.forward(Residual.of(z), end, blocks.depth(), pass));
      }
    }
    return results;
  }

  private Tensor loop(Tensor z, Tensor input, Pass pass) {
    Tensor with = spec.injection == Injection.ADD ? z.add(input) : z;
    return blocks.forward(Residual.of(with), spec.pre, blocks.depth() - spec.post, pass).sum();
  }

  private Tensor withoutGradient(Tensor z, Tensor input, Pass pass) {
    try (var _ = Scope.noGradients()) {
      return loop(z, input, pass);
    }
  }

  @Override
  public void register(Registry registry) {
    blocks.register(registry);
  }
}
