package org.kat4j.model.generate;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.config.Check;

/**
 * How the next token is drawn from its logits.
 *
 * @param temperature logits are divided by it; 0 takes the most probable token
 * @param topK only so many most probable tokens; 0 for all
 * @param topP only the most probable tokens that together have this probability, above 0, at most
 *     1. Source: nucleus sampling, arXiv 1904.09751
 */
public record Sampling(double temperature, int topK, double topP) {
  public Sampling {
    Check.inRange("temperature", temperature, 0, Double.POSITIVE_INFINITY);
    Check.atLeast("topK", topK, 0);
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("topP = " + topP + ": above 0, at most 1");
    }
  }

  /** Always the most probable token. */
  public static Sampling greedy() {
    return new Sampling(0, 0, 1);
  }

  /** Whether numbers between 0 and 1 decide. */
  public boolean isRandom() {
    return temperature > 0;
  }

  /**
   * The drawn tokens; nothing of it happens on the host.
   *
   * @param logits {@code [batch, vocabulary]}
   * @param uniform float64 numbers from [0, 1), {@code [batch, 1]}: the same ones draw the same
   * @return int64 {@code [batch, 1]}
   */
  public Tensor draw(Tensor logits, Tensor uniform) {
    if (!isRandom()) {
      return torch.argmax(logits, new LongOptional(-1), true);
    }
    boolean few = topK > 0 && topK < logits.size(-1);
    if (!few && topP == 1) {
      return place(probabilities(logits), uniform);
    }
    // Sorted as they come: a GPU takes as many passes as they have bytes.
    var sorted = few ? torch.topk(logits, topK, -1, true, true) : torch.sort(logits, -1, true);
    Tensor probabilities = probabilities(sorted.get0()); // falling
    if (topP < 1) { // the first that reaches topP is the last that stays
      Tensor before = torch.cumsum(probabilities, -1).sub(probabilities);
      probabilities = probabilities.masked_fill(before.ge(new Scalar(topP)), new Scalar(0));
    }
    return sorted.get1().gather(-1, place(probabilities, uniform));
  }

  private Tensor probabilities(Tensor logits) {
    return logits.to(ScalarType.Double).div(new Scalar(temperature)).softmax(-1);
  }

  /** Where the running sum of the probabilities passes the given share of all. */
  private static Tensor place(Tensor probabilities, Tensor uniform) {
    Tensor sums = torch.cumsum(probabilities, -1); // [batch, candidates]
    Tensor wanted = sums.narrow(-1, sums.size(-1) - 1, 1).mul(uniform);
    return sums.le(wanted).sum(new long[] {-1}, true, new ScalarTypeOptional());
  }
}
