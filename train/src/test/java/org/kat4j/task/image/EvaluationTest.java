package org.kat4j.task.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.kat4j.config.Config;
import org.kat4j.data.ImageSet;
import org.kat4j.data.Stripes;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.torch.Context;
import org.kat4j.torch.Host;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class EvaluationTest {
  private static final String SPEC =
      """
      {"preset": "kat_nano", "imageSize": 28, "patchSize": 7, "channels": 1, "classes": 4,
       "width": 16, "depth": 1}
      """;

  /** More images than a batch of the evaluation, classes of unequal size. */
  @Test
  void agreesWithACountByHand() {
    ImageSet images = new Stripes(253, 1);
    Host.setThreads(1); // images one by one are too little work for several threads
    Model model = Config.fromJson(SPEC, Model.Spec.class, "test").build(Context.cpu(3));
    long[][] confusion = new long[4][4];
    double loss = 0;
    for (int i = 0; i < images.size(); i++) {
      double[] logits = logits(model, images, i);
      int best = 0;
      double sum = 0;
      for (int c = 0; c < 4; c++) {
        best = logits[c] > logits[best] ? c : best;
        sum += Math.exp(logits[c]);
      }
      confusion[images.label(i)][best]++;
      loss += Math.log(sum) - logits[images.label(i)];
    }

    Evaluation evaluation = Evaluation.of(model, images);

    assertThat(evaluation.confusion()).isDeepEqualTo(confusion);
    long right = confusion[0][0] + confusion[1][1] + confusion[2][2] + confusion[3][3];
    assertThat(evaluation.top1()).isCloseTo(100.0 * right / 253, within(1e-9));
    assertThat(evaluation.top5()).as("there are four classes").isEqualTo(100);
    assertThat(evaluation.loss()).isCloseTo(loss / 253, within(1e-5)); // logits are float32
    assertThat(evaluation.perClass()[2])
        .isCloseTo(100.0 * confusion[2][2] / rowSum(confusion[2]), within(1e-9));
  }

  @Test
  void aClassWithoutImagesHasNoShare() {
    var evaluation = new Evaluation(0, 0, 0, new long[][] {{3, 1}, {0, 0}});
    assertThat(evaluation.perClass()).containsExactly(75, 0);
  }

  private static long rowSum(long[] row) {
    return row[0] + row[1] + row[2] + row[3];
  }

  private static double[] logits(Model model, ImageSet images, int index) {
    byte[] bytes = new byte[28 * 28];
    images.read(index, bytes, 0);
    float mean = images.normalization().mean()[0];
    float deviation = images.normalization().std()[0];
    float[] pixels = new float[bytes.length];
    for (int p = 0; p < pixels.length; p++) {
      pixels[p] = (Byte.toUnsignedInt(bytes[p]) / 255f - mean) / deviation;
    }
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      var any = StateDict.of(model).firstEntry().getValue();
      return Memory.doubles(
          ImageModel.of(model).forward(Memory.like(any, pixels, 1, 1, 28, 28), Pass.evaluation()));
    }
  }
}
