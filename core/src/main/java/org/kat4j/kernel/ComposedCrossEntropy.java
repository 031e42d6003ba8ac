package org.kat4j.kernel;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.torch.DType;
import org.kat4j.torch.Losses;

/** Cross entropy from libtorch's operations, in float32 for all that is narrower. */
final class ComposedCrossEntropy implements CrossEntropyKernel {
  private static final long AT_ONCE = 1L << 27; // their probabilities in float32 are 512 MiB

  @Override
  public long atOnce() {
    return AT_ONCE;
  }

  @Override
  public Tensor loss(Tensor logits, long classes, Tensor wanted) {
    ignore(logits, classes);
    return Losses.summedCrossEntropy(logits.to(exact(logits)), wanted);
  }

  @Override
  public Result lossAndGradient(Tensor logits, long classes, Tensor wanted) {
    ignore(logits, classes);
    Tensor column = wanted.view(-1, 1);
    Tensor p = torch.softmax(logits, 1, new ScalarTypeOptional(exact(logits)));
    // log(sum e^z) = max z - log p(max z): p of the wanted class itself may be 0.
    var most = torch.max(logits, 1, true);
    Tensor logSum = most.get0().sub(p.gather(1, most.get1()).log());
    Tensor loss = logSum.sub(logits.gather(1, column)).sum();
    p.scatter_add_(1, column, torch.full_like(logSum, new Scalar(-1)));
    return new Result(loss, p.to(logits.scalar_type()));
  }

  private static void ignore(Tensor logits, long classes) {
    long more = logits.size(1) - classes;
    if (more > 0) {
      logits.narrow(1, classes, more).fill_(new Scalar(Double.NEGATIVE_INFINITY));
    }
  }

  private static ScalarType exact(Tensor logits) {
    return DType.of(logits) == DType.FLOAT64 ? ScalarType.Double : ScalarType.Float;
  }
}
