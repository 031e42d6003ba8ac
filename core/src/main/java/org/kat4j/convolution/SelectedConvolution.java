package org.kat4j.convolution;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Kind;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.BasisLayer;
import org.kat4j.function.kan.Chebyshev;
import org.kat4j.function.kan.RadialBasis;
import org.kat4j.function.kan.ReluBumps;
import org.kat4j.function.kan.Selector;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * S-ConvKAN: a pool of KAN convolutions of different bases with learned weights of selection,
 * trained together, then sharpened, then cut down to the chosen ones; see {@link Selector}.
 *
 * <p>Radial bases stand in the pool without their layer norm, which one channel could not have.
 * Source: S-ConvKAN, arXiv 2408.08338; the selection is a reconstruction.
 */
public final class SelectedConvolution implements Convolution {
  /**
   * @param window what an output pixel sees
   * @param bSpline a member of the pool
   * @param radialBasis a member
   * @param chebyshev a member
   * @param reluBumps a member
   * @param granularity what has a choice of its own
   */
  @Kind("selection")
  public record Spec(
      Window window,
      BSpline.Spec bSpline,
      RadialBasis.Spec radialBasis,
      Chebyshev.Spec chebyshev,
      ReluBumps.Spec reluBumps,
      Selector.Granularity granularity)
      implements Convolution.Spec {
    public static Spec example() {
      return new Spec(
          Window.example(),
          BSpline.Spec.example(),
          RadialBasis.Spec.withoutNorm(),
          Chebyshev.Spec.example(),
          ReluBumps.Spec.example(),
          Selector.Granularity.OUTPUT);
    }

    /** The members, in the order of their numbers. */
    public List<KanConvolution.Spec> pool() {
      List<KanConvolution.Spec> pool = new ArrayList<>();
      for (BasisLayer.Spec function : List.of(bSpline, radialBasis, chebyshev, reluBumps)) {
        pool.add(new KanConvolution.Spec(window, function));
      }
      return pool;
    }

    @Override
    public SelectedConvolution build(int in, int out, Context context) {
      List<KanConvolution> members = new ArrayList<>();
      for (KanConvolution.Spec member : pool()) {
        members.add(member.build(in, out, context));
      }
      return new SelectedConvolution(members, out, granularity, context);
    }

    /** Of all members: the count before the choice. */
    @Override
    public long macs(int in, int out, int side) {
      long weighing = window.windows(side) * out;
      return pool().stream().mapToLong(member -> member.macs(in, out, side) + weighing).sum();
    }
  }

  private static final int AXES_OF_A_CHANNEL = 2; // height and width

  private final Selector<Convolution> selector;

  /** A pool of any convolutions of equal widths and windows. */
  public SelectedConvolution(
      List<? extends Convolution> members,
      int out,
      Selector.Granularity granularity,
      Context context) {
    selector =
        new Selector<>(members, Convolution::forward, AXES_OF_A_CHANNEL, out, granularity, context);
  }

  /** Weighs, sharpens and chooses. */
  public Selector<Convolution> selector() {
    return selector;
  }

  @Override
  public Tensor forward(Tensor images, Pass pass) {
    return selector.forward(images, pass);
  }

  /** The third phase: the chosen members alone; see {@link Selector#chosen}. */
  public Convolution pruned() {
    return new Pruned(selector.chosen());
  }

  @Override
  public void register(Registry registry) {
    selector.register(registry);
  }

  private record Pruned(Selector.Chosen<Convolution> chosen) implements Convolution {
    @Override
    public Tensor forward(Tensor images, Pass pass) {
      return chosen.forward(images, pass);
    }

    @Override
    public void register(Registry registry) {
      chosen.register(registry);
    }
  }
}
