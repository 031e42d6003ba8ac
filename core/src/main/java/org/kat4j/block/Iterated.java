package org.kat4j.block;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * All blocks again and again with the same weights. F(u), what the blocks add to u, is the
 * right-hand side of an equation that the iterations solve; gradients go through all of them.
 */
public final class Iterated implements Backbone {
  /** What an iteration does. */
  public sealed interface Rule permits Steps, FixedPoint {
    /**
     * The result of all iterations.
     *
     * @param x what they begin with, {@code [batch, tokens, width]}
     * @param times how many
     * @param f what the blocks add
     */
    Tensor solved(Tensor x, int times, UnaryOperator<Tensor> f);
  }

  /**
   * u is moved by F(u) / times, as Euler's method solves du/dt = F(u) from 0 to 1. Source:
   * IFactFormer-m.
   */
  @Kind("steps")
  public record Steps() implements Rule {
    public static Steps example() {
      return new Steps();
    }

    @Override
    public Tensor solved(Tensor x, int times, UnaryOperator<Tensor> f) {
      Tensor u = x;
      for (int i = 0; i < times; i++) {
        u = u.add(f.apply(u), new Scalar(1.0 / times));
      }
      return u;
    }
  }

  /**
   * Looks for y = R(y) = x + F(y): from y = x on, y becomes damping y + (1 - damping) R(y). The
   * result is R of the last y. Source: Neural Integral Equations.
   *
   * @param damping share of the old y that stays, in [0, 1)
   * @param tolerance the iterations end once the Euclidean norm of y - R(y) over the whole batch is
   *     not above it; 0: always all of them. What a sample gives then depends on the others
   */
  @Kind("fixed-point")
  public record FixedPoint(double damping, double tolerance) implements Rule {
    public FixedPoint {
      Check.inRange("damping", damping, 0, 1);
      Check.inRange("tolerance", tolerance, 0, Double.POSITIVE_INFINITY);
    }

    public static FixedPoint example() {
      return new FixedPoint(0.5, 0);
    }

    @Override
    public Tensor solved(Tensor x, int times, UnaryOperator<Tensor> f) {
      Tensor y = x;
      Tensor right = x.add(f.apply(y));
      for (int i = 0; i < times; i++) {
        y = y.mul(new Scalar(damping)).add(right, new Scalar(1 - damping));
        right = x.add(f.apply(y));
        if (tolerance > 0 && y.sub(right).norm().item_double() <= tolerance) {
          break;
        }
      }
      return right;
    }
  }

  /**
   * @param times iterations; a fixed point goes through the blocks once more
   * @param rule what an iteration does
   */
  @Kind("iterated")
  public record Spec(int times, Rule rule) implements Backbone.Spec {
    public Spec {
      Check.between("times", times, 1, 10_000);
    }

    /** Four steps. */
    public static Spec example() {
      return new Spec(4, new Steps());
    }

    @Override
    public Iterated over(Stack blocks) {
      return new Iterated(this, blocks);
    }

    @Override
    public void check(int depth, Layout layout) {
      if (layout.causal() && rule instanceof FixedPoint point && point.tolerance > 0) {
        throw new IllegalArgumentException(
            "backbone: tolerance = %s: when the iterations end would depend on later tokens; a causal model needs 0"
                .formatted(point.tolerance));
      }
    }

    @Override
    public long macs(Stack.Spec blocks, int tokens, int width) {
      int passes = rule instanceof FixedPoint ? times + 1 : times;
      return passes * blocks.macs(tokens, width);
    }
  }

  private final Spec spec;
  private final Stack blocks;

  private Iterated(Spec spec, Stack blocks) {
    this.spec = spec;
    this.blocks = blocks;
  }

  @Override
  public Residual forward(Residual x, Pass pass) {
    UnaryOperator<Tensor> added = u -> blocks.forward(Residual.of(u), pass).sum().sub(u);
    return Residual.of(spec.rule.solved(x.sum(), spec.times, added));
  }

  @Override
  public void register(Registry registry) {
    blocks.register(registry);
  }
}
