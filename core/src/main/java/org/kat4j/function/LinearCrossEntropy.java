package org.kat4j.function;

import java.util.List;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.kernel.CrossEntropyKernel;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.CustomGradient;
import org.kat4j.torch.DType;
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
  /** Logits that are better not had all at once. */
  private static final long MANY = 1L << 27;

  private static final long ALIGNMENT = 64; // elements

  private LinearCrossEntropy() {}

  /** Whether so many logits are better not had all at once. */
  public static boolean isWorthwhile(Tensor features, long classes) {
    long rows = features.numel() / features.size(-1);
    return features.is_cuda() || rows * classes > MANY;
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
    Tensor x = Precision.lowered(features);
    CrossEntropyKernel kernel = Kernels.crossEntropy(x, columns(x, weight.size(0)));
    return mean(x, weight, classes, kernel, Math.max(1, kernel.atOnce() / weight.size(0)));
  }

  /** The same, so many rows at a time. */
  static Tensor mean(Tensor features, Tensor weight, Tensor classes, long atOnce) {
    Tensor x = Precision.lowered(features);
    return mean(x, weight, classes, Kernels.composedCrossEntropy(), atOnce);
  }

  private static Tensor mean(
      Tensor x, Tensor weight, Tensor classes, CrossEntropyKernel kernel, long atOnce) {
    Tensor w;
    try (var _ = Scope.noGradients()) {
      w = padded(weight.detach(), x);
    }
    long rows = x.size(0);
    boolean trains = GradMode.is_enabled() && (x.requires_grad() || weight.requires_grad());
    Sums sums = new Sums(x.detach(), w, kernel, classes, weight.size(0), DType.of(weight), trains);
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
              List.of(
                  sums.ofWeight.narrow(0, 0, weight.size(0)).mul(factor.to(weight.scalar_type()))));
        });
  }

  /** Columns of the logits: on a GPU there may be some that nothing belongs to. */
  private static long columns(Tensor x, long classes) {
    return x.is_cuda() ? Math.ceilDiv(classes, ALIGNMENT) * ALIGNMENT : classes;
  }

  /**
   * W in x's dtype, with classes that nothing belongs to, so that rows of logits begin where a
   * GPU's matrix products are fast; see docs/measurements/language.md.
   */
  private static Tensor padded(Tensor weight, Tensor x) {
    long classes = weight.size(0);
    long columns = columns(x, classes);
    if (columns == classes) {
      return weight.to(x.scalar_type());
    }
    Tensor w = x.new_empty(columns, weight.size(1));
    w.narrow(0, 0, classes).copy_(weight);
    w.narrow(0, classes, columns - classes).zero_();
    return w;
  }

  /** The loss and its gradients, summed over the rows. */
  private static final class Sums {
    private final Tensor x;
    private final Tensor w; // [columns, width]
    private final CrossEntropyKernel kernel;
    private final Tensor classes;
    private final long count; // classes that there are
    private final boolean withGradients;
    private final Tensor loss;
    private final Tensor ofFeatures;
    private final Tensor ofWeight; // [columns, width]

    Sums(
        Tensor x,
        Tensor w,
        CrossEntropyKernel kernel,
        Tensor classes,
        long count,
        DType weightType,
        boolean withGradients) {
      this.x = x;
      this.w = w;
      this.kernel = kernel;
      this.classes = classes;
      this.count = count;
      this.withGradients = withGradients;
      ScalarType exact = DType.of(x) == DType.FLOAT64 ? ScalarType.Double : ScalarType.Float;
      loss = torch.zeros(new long[0], x.options().dtype(new ScalarTypeOptional(exact)));
      long[] nothing = {0};
      ofFeatures = withGradients ? torch.empty_like(x) : x.new_empty(nothing);
      ofWeight =
          x.new_empty(
              withGradients ? w.shape() : nothing, new TensorOptions(weightType.scalarType()));
    }

    void add(long from, long some) {
      Tensor rows = x.narrow(0, from, some);
      Tensor wanted = classes.narrow(0, from, some);
      Tensor logits = rows.mm(w.t()); // [some, columns]
      if (!withGradients) {
        loss.add_(kernel.loss(logits, count, wanted));
        return;
      }
      var result = kernel.lossAndGradient(logits, count, wanted);
      loss.add_(result.loss());
      Tensor _ = torch.mm_out(ofFeatures.narrow(0, from, some), result.gradient(), w);
      addToWeight(result.gradient().t(), rows, from == 0);
    }

    /** In the dtype of the weight, which matrix products of two bytes an element can give. */
    private void addToWeight(Tensor a, Tensor b, boolean first) {
      boolean widens = a.is_cuda() && DType.of(a) != DType.of(ofWeight);
      ScalarType type = ofWeight.scalar_type();
      if (first && widens) {
        Tensor _ = torch.mm_out(ofWeight, a, b, type);
        return;
      }
      Tensor product = widens ? torch.mm(a, b, type) : a.mm(b);
      if (first) {
        ofWeight.copy_(product);
      } else {
        ofWeight.add_(product);
      }
    }
  }
}
