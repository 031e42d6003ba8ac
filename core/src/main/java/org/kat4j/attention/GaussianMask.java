package org.kat4j.attention;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * Scores times a learnable mixture of Gaussian bells of the distance d of two cells of a grid:
 * sum_k alpha_k exp(-d^2 / (2 (sigma_k^2 + 1e-5))) for each head. The factor may be of any size and
 * sign. Tokens without a place, as a class token, keep their scores.
 *
 * <p>Source: Toward a deeper understanding: RetNet viewed through convolution (Pattern Recognition
 * 2024); names and shapes of {@code Gaussian_Mixture_Mask}: {@code sigma, alpha [kernels, heads, 1,
 * 1]}.
 */
public final class GaussianMask implements ScoreStep {
  /** Added to the squared width, as in the official code. */
  private static final double EPSILON = 1e-5;

  /** So wide that a bell is 1 on every grid, to the last bit of a float64 or nearly so. */
  private static final double FLAT = 1e8;

  /**
   * @param kernels bells of a head
   * @param start what the mask begins with: published widths near 10 and factors of either sign, or
   *     the constant 1 and further bells of factor 0
   * @param weightDecay whether widths and factors decay, as in the official code
   */
  @Kind("gaussian-mask")
  public record Spec(int kernels, Start start, boolean weightDecay) implements ScoreStep.Spec {
    public Spec {
      Check.between("kernels", kernels, 1, 1_000);
    }

    /** The official command line's number of kernels. */
    public static Spec example() {
      return new Spec(5, Start.PUBLISHED, false);
    }

    @Override
    public Effect effect() {
      return Effect.MULTIPLIED;
    }

    @Override
    public GaussianMask build(Heads heads, Context context) {
      return new GaussianMask(this, heads.count(), context);
    }
  }

  private final boolean decays;
  private final Cells cells;
  private final Tensor sigma; // [kernels, heads, 1, 1]
  private final Tensor alpha; // [kernels, heads, 1, 1]
  private final KeptTable kept;

  private GaussianMask(Spec spec, int heads, Context context) {
    decays = spec.weightDecay;
    cells = new Cells("scores gaussian-mask", context);
    sigma = context.parameter(spec.kernels, heads, 1, 1);
    alpha = context.parameter(spec.kernels, heads, 1, 1);
    kept = new KeptTable(sigma, alpha);
    switch (spec.start) {
      case PUBLISHED -> startAsPublished(context.random());
      case NEUTRAL -> startNeutral(spec.kernels);
    }
  }

  private void startAsPublished(RandomStream random) {
    Init.normal(sigma, 10, random);
    Init.normal(alpha, 2, random);
    if (!sigma.is_meta()) {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        sigma.add_(new Scalar(10));
      }
    }
  }

  /**
   * One bell is the constant 1; the others, from a width of one cell to that of the grid, have no
   * part in it yet but gradients of their factors.
   */
  private void startNeutral(int kernels) {
    if (sigma.is_meta()) {
      return;
    }
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      for (int k = 0; k < kernels; k++) {
        sigma.get(k).fill_(new Scalar(k == 0 ? FLAT : width(k - 1, kernels - 1)));
      }
      alpha.zero_();
      alpha.get(0).fill_(new Scalar(1));
    }
  }

  private double width(int place, int count) {
    int longest = Math.max(cells.side(0), cells.side(1));
    return Math.pow(longest, count == 1 ? 0.5 : (double) place / (count - 1));
  }

  @Override
  public Effect effect() {
    return Effect.MULTIPLIED;
  }

  @Override
  public Tensor table(Places places) {
    return kept.get(this::mixture);
  }

  /** The bell of a distance is that of the rows times that of the columns. */
  private Tensor mixture() {
    Tensor steepness = sigma.square().add(new Scalar(EPSILON)).reciprocal().mul(new Scalar(-0.5));
    Tensor ofRows = cells.betweenRows().square().mul(steepness).exp().mul(alpha);
    Tensor ofColumns = cells.betweenColumns().square().mul(steepness).exp();
    return cells.ofTokens(cells.sumOfProducts(ofRows, ofColumns), 1);
  }

  @Override
  public void register(Registry registry) {
    if (decays) {
      registry.tensor("sigma", sigma);
      registry.tensor("alpha", alpha);
    } else {
      registry.undecayed("sigma", sigma);
      registry.undecayed("alpha", alpha);
    }
    cells.register(registry);
    kept.register(registry);
  }
}
