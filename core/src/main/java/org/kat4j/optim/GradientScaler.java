package org.kat4j.optim;

import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.BoxedOperator;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;

/**
 * Keeps gradients in float16's range: the loss is multiplied by a scale before the backward pass,
 * the gradients are divided by it afterwards, and an update whose gradients are not all finite is
 * left out.
 *
 * <p>The scale halves after such an update and doubles after 2,000 good ones in a row. Whether the
 * gradients are finite has to be known before the update: once an update the host waits for the
 * device. In other precisions the scale is 1, nothing is looked at and the host does not wait.
 * Source: PyTorch's {@code GradScaler} and its defaults.
 */
public final class GradientScaler {
  private static final double FIRST = 0x1p16;
  private static final int GROWS_AFTER = 2000;
  private static final BoxedOperator UNSCALE =
      new BoxedOperator("aten::_amp_foreach_non_finite_check_and_unscale_", "");

  private final boolean scales;
  private double scale;
  private int goodInARow;

  public GradientScaler(Precision precision) {
    scales = precision == Precision.FLOAT16;
    scale = scales ? FIRST : 1;
  }

  /** What the backward pass starts from. */
  public Tensor scaled(Tensor loss) {
    return scales ? loss.mul(new Scalar(scale)) : loss;
  }

  /**
   * Divides the gradients by the scale, in place, and adapts the scale.
   *
   * @return whether all gradients are finite; otherwise the update is to be left out
   */
  public boolean unscale(Collection<Tensor> parameters) {
    if (!scales) {
      return true;
    }
    boolean finite;
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      List<Tensor> gradients = GradientNorm.gradients(parameters);
      if (gradients.isEmpty()) {
        return true;
      }
      Tensor found = torch.zeros(new long[] {1}, gradients.getFirst().options());
      Tensor inverse = torch.full(new long[] {1}, new Scalar(1 / scale), found.options());
      UNSCALE.call(gradients, found, inverse);
      finite = found.item().toDouble() == 0;
    }
    goodInARow = finite ? goodInARow + 1 : 0;
    if (!finite) {
      scale /= 2;
    } else if (goodInARow == GROWS_AFTER) {
      scale *= 2;
      goodInARow = 0;
    }
    return finite;
  }

  public double scale() {
    return scale;
  }

  /** Scale and number of good updates in a row: what a run needs to go on. {@code [2]}, float64. */
  public Tensor state() {
    return Tensor.create(scale, goodInARow);
  }

  /** Takes over what {@link #state()} gave. */
  public void restore(Tensor saved) {
    try (Scope _ = Scope.open()) {
      scale = saved.select(0, 0).item().toDouble();
      goodInARow = (int) saved.select(0, 1).item().toDouble();
    }
  }
}
