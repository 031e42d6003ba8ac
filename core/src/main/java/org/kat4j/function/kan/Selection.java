package org.kat4j.function.kan;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * S-KAN: a pool of KAN layers of different bases with learned weights of selection, trained
 * together, then sharpened, then cut down to the chosen ones; see {@link Selector}.
 *
 * <p>Members with norms inside are no sums of functions of one input. Source: S-KAN, arXiv
 * 2408.08338.
 */
public final class Selection implements KanLayer {
  /**
   * @param bSpline a member of the pool
   * @param radialBasis a member
   * @param chebyshev a member
   * @param wavelet a member
   * @param reluBumps a member
   * @param granularity what has a choice of its own
   */
  @Kind("selection")
  public record Spec(
      BSpline.Spec bSpline,
      RadialBasis.Spec radialBasis,
      Chebyshev.Spec chebyshev,
      Wavelet.Spec wavelet,
      ReluBumps.Spec reluBumps,
      Selector.Granularity granularity)
      implements KanLayer.Spec {
    public static Spec example() {
      return new Spec(
          BSpline.Spec.example(),
          RadialBasis.Spec.example(),
          Chebyshev.Spec.example(),
          Wavelet.Spec.example(),
          ReluBumps.Spec.example(),
          Selector.Granularity.OUTPUT);
    }

    private List<KanLayer.Spec> pool() {
      return List.of(bSpline, radialBasis, chebyshev, wavelet, reluBumps);
    }

    @Override
    public Selection build(int in, int out, Context context) {
      List<KanLayer> members = new ArrayList<>();
      for (KanLayer.Spec member : pool()) {
        members.add(member.build(in, out, context));
      }
      return new Selection(members, out, granularity, context);
    }

    /** Of all members: the count before the choice. */
    @Override
    public long macs(int in, int out) {
      return pool().stream().mapToLong(member -> member.macs(in, out) + out).sum();
    }
  }

  private final Selector<KanLayer> selector;

  /** A pool of any layers of equal widths; all are weighed alike at the start. */
  public Selection(
      List<KanLayer> members, int out, Selector.Granularity granularity, Context context) {
    selector = new Selector<>(members, KanLayer::forward, 0, out, granularity, context);
  }

  /** Weighs, sharpens and chooses. */
  public Selector<KanLayer> selector() {
    return selector;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    return selector.forward(x, pass);
  }

  /** The third phase: the chosen members alone; see {@link Selector#chosen}. */
  public KanLayer pruned() {
    return new Pruned(selector.chosen());
  }

  @Override
  public void register(Registry registry) {
    selector.register(registry);
  }

  private record Pruned(Selector.Chosen<KanLayer> chosen) implements KanLayer {
    @Override
    public Tensor forward(Tensor x, Pass pass) {
      return chosen.forward(x, pass);
    }

    @Override
    public void register(Registry registry) {
      chosen.register(registry);
    }
  }
}
