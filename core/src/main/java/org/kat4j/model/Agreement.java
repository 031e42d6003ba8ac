package org.kat4j.model;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * How near two models come to each other on the same images.
 *
 * @param images how many
 * @param largestDifference largest |difference| of two logits
 * @param largestLogit largest |logit| of the first model
 * @param sameClass images that both give the same class
 */
public record Agreement(int images, double largestDifference, double largestLogit, int sameClass) {

  /**
   * Compares the logits of two models of images.
   *
   * @param images inputs {@code [channels, size, size]}, normalised; one at a time goes through
   */
  public static Agreement of(Model first, Model second, List<float[]> images) {
    double difference = 0;
    double logit = 0;
    int same = 0;
    for (float[] image : images) {
      double[] a = logits(ImageModel.of(first), image);
      double[] b = logits(ImageModel.of(second), image);
      for (int c = 0; c < a.length; c++) {
        difference = Math.max(difference, Math.abs(a[c] - b[c]));
        logit = Math.max(logit, Math.abs(a[c]));
      }
      same += largest(a) == largest(b) ? 1 : 0;
    }
    return new Agreement(images.size(), difference, logit, same);
  }

  /** The largest difference by the largest logit. */
  public double relative() {
    return largestDifference / largestLogit;
  }

  private static double[] logits(ImageModel model, float[] image) {
    Signature.Images input = model.spec().signature();
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor any = StateDict.of(model).firstEntry().getValue();
      Tensor batch =
          Memory.batch(any, List.of(image), input.channels(), input.height(), input.width());
      double[] logits = Memory.doubles(model.forward(batch, Pass.evaluation()));
      if (!Arrays.stream(logits).allMatch(Double::isFinite)) {
        throw new UserException(
            "the model's output is not a number, though its weights are: they may be broken");
      }
      return logits;
    }
  }

  private static int largest(double[] logits) {
    int best = 0;
    for (int c = 1; c < logits.length; c++) {
      best = logits[c] > logits[best] ? c : best;
    }
    return best;
  }
}
