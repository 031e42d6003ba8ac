package org.kat4j.function;

import java.util.List;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.torch.CustomGradient;
import org.kat4j.torch.DType;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;

/**
 * A linear map to the logits of many classes and their mean cross entropy, some rows at a time: the
 * logits of all rows at once, in float32 and with their gradient, would be the largest thing in
 * memory. Gradients are computed on the way, since logits would have to be computed again later.
 *
 * <p>Without second derivatives.
 */
public final class LinearCrossEntropy {
  /** Logits at a time. */
  private static final long AT_ONCE = 1L << 27;

  private static final long ALIGNMENT = 64; // elements

  private LinearCrossEntropy() {}

  /** Whether so many logits are better not had all at once. */
  public static boolean isWorthwhile(Tensor features, long classes) {
    long rows = features.numel() / features.size(-1);
    return features.is_cuda() || rows * classes > AT_ONCE;
  }

  /**
   * The mean over the rows of -log softmax(x W^T)[class].
   *
   * @param features x, {@code [rows, width]}
   * @param weight W, {@code [classes, width]}, a leaf
   * @param classes {@code [rows]}, int64
   * @return a scalar in float32, of float64 in float64
   */
  public static Tensor mean(Tensor features, Tensor weight, Tensor classes) {
    return mean(features, weight, classes, Math.max(1, AT_ONCE / weight.size(0)));
  }

  /** The same, so many rows at a time. */
  static Tensor mean(Tensor features, Tensor weight, Tensor classes, long atOnce) {
    Tensor x = Precision.lowered(features);
    long count = weight.size(0);
    Tensor w;
    try (var _ = Scope.noGradients()) {
      w = aligned(weight.detach().to(x.scalar_type()));
    }
    long rows = x.size(0);
    boolean trains = GradMode.is_enabled() && (x.requires_grad() || weight.requires_grad());
    Sums sums = new Sums(x.detach(), w, count, classes, DType.of(weight).scalarType(), trains);
    try (var _ = Scope.noGradients()) {
      for (long from = 0; from < rows; from += atOnce) {
        try (Scope _ = Scope.open()) {
          sums.add(from, Math.min(atOnce, rows - from));
        }
      }
    }
    Scalar scale = new Scalar((double) rows);
    return CustomGradient.applyConverting(
        x,
        sums.loss.div(scale),
        List.of(weight),
        upstream -> {
          Tensor factor = upstream.div(scale);
          return new CustomGradient.Gradients(
              sums.ofFeatures.mul(factor.to(x.scalar_type())),
              List.of(sums.ofWeight.narrow(0, 0, count).mul(factor.to(weight.scalar_type()))));
        });
  }

  /**
   * With classes that nothing belongs to, so that rows of logits begin where a GPU's matrix
   * products are fast; see docs/measurements/language.md.
   */
  private static Tensor aligned(Tensor w) {
    long missing = Math.ceilDiv(w.size(0), ALIGNMENT) * ALIGNMENT - w.size(0);
    if (!w.is_cuda() || missing == 0) {
      return w;
    }
    return torch.cat(
        new TensorVector(w, torch.zeros(new long[] {missing, w.size(1)}, w.options())), 0);
  }

  /** The loss and its gradients, summed over the rows. */
  private static final class Sums {
    private final Tensor x;
    private final Tensor w;
    private final long count; // classes; w may have more rows
    private final Tensor classes;
    private final boolean withGradients;
    private final Tensor loss;
    private final Tensor ofFeatures;
    private final Tensor ofWeight;

    Sums(
        Tensor x,
        Tensor w,
        long count,
        Tensor classes,
        ScalarType weightType,
        boolean withGradients) {
      this.x = x;
      this.w = w;
      this.count = count;
      this.classes = classes;
      this.withGradients = withGradients;
      ScalarType exact = DType.of(x) == DType.FLOAT64 ? ScalarType.Double : ScalarType.Float;
      loss = torch.zeros(new long[0], x.options().dtype(new ScalarTypeOptional(exact)));
      long[] nothing = {0};
      ofFeatures = withGradients ? torch.empty_like(x) : x.new_empty(nothing);
      ofWeight =
          torch.zeros(
              withGradients ? w.shape() : nothing,
              x.options().dtype(new ScalarTypeOptional(weightType)));
    }

    void add(long from, long some) {
      Tensor rows = x.narrow(0, from, some);
      Tensor wanted = classes.narrow(0, from, some).view(-1, 1);
      Tensor logits = rows.mm(w.t()); // [some, classes]
      if (w.size(0) > count) {
        logits.narrow(1, count, w.size(0) - count).fill_(new Scalar(Double.NEGATIVE_INFINITY));
      }
      if (!withGradients) {
        loss.add_(Losses.summedCrossEntropy(logits.to(loss.scalar_type()), wanted.flatten()));
        return;
      }
      Tensor p = torch.softmax(logits, 1, new ScalarTypeOptional(loss.scalar_type()));
      // log(sum e^z) = max z - log p(max z): p of the wanted class itself may be 0.
      var most = torch.max(logits, 1, true);
      Tensor logSum = most.get0().sub(p.gather(1, most.get1()).log());
      loss.add_(logSum.sub(logits.gather(1, wanted)).sum());
      p.scatter_add_(1, wanted, torch.full_like(logSum, new Scalar(-1)));
      Tensor ofLogits = p.to(x.scalar_type());
      ofFeatures.narrow(0, from, some).copy_(ofLogits.mm(w));
      ofWeight.add_(product(ofLogits.t(), rows));
    }

    /** In the dtype of the weight, which matrix products of two bytes an element can give. */
    private Tensor product(Tensor a, Tensor b) {
      return a.is_cuda() && a.scalar_type() != ofWeight.scalar_type()
          ? torch.mm(a, b, ofWeight.scalar_type())
          : a.mm(b);
    }
  }
}
