package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.ImageSet;
import org.kat4j.model.ImageModel;
import org.kat4j.task.image.Evaluation;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * What a model says to every image of a set, in one pass.
 *
 * @param classes how many there are
 * @param all one answer for each image that could be read
 */
record Answers(int classes, List<Answer> all) {
  /**
   * The answer to one image.
   *
   * @param image place in the set
   * @param label its class
   * @param predicted most probable class
   * @param confidence probability of that class
   * @param loss cross entropy, in nats
   * @param better classes that are more probable than the right one
   */
  record Answer(int image, int label, int predicted, double confidence, double loss, int better) {
    boolean right() {
      return label == predicted;
    }

    /** From the logits of one image. */
    static Answer of(int image, int label, double[] logits) {
      int best = 0;
      int better = 0;
      for (int c = 0; c < logits.length; c++) {
        best = logits[c] > logits[best] ? c : best;
        boolean ahead = logits[c] > logits[label] || logits[c] == logits[label] && c < label;
        better += ahead ? 1 : 0;
      }
      double most = logits[best];
      double sum = Arrays.stream(logits).map(z -> Math.exp(z - most)).sum();
      return new Answer(image, label, best, 1 / sum, Math.log(sum) + most - logits[label], better);
    }
  }

  Answers {
    all = List.copyOf(all);
  }

  /** Asks the model, on the device of its weights. */
  static Answers of(ImageModel model, ImageSet images) {
    Tensor any = StateDict.of(model).firstEntry().getValue();
    int classes = model.spec().signature().outputs();
    int size = Evaluation.usualBatch(images);
    var all = new ArrayList<Answer>();
    for (int from = 0; from < images.size(); from += size) {
      int end = Math.min(images.size(), from + size);
      List<Inputs> inputs = Inputs.read(images, IntStream.range(from, end));
      if (inputs.isEmpty()) {
        continue;
      }
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        Tensor batch = Inputs.batch(inputs, images, any);
        double[] logits =
            Memory.doubles(model.forward(batch, Pass.evaluation())); // [images, classes]
        for (int i = 0; i < inputs.size(); i++) {
          int image = inputs.get(i).image();
          double[] row = Arrays.copyOfRange(logits, i * classes, (i + 1) * classes);
          all.add(Answer.of(image, images.label(image), row));
        }
      }
    }
    return new Answers(classes, all);
  }

  /** Share of images whose class is among the {@code k} most probable. */
  Proportion top(int k) {
    return new Proportion(all.stream().filter(a -> a.better < k).count(), all.size());
  }

  /** Mean cross entropy. */
  double loss() {
    return all.stream().mapToDouble(Answer::loss).average().orElse(Double.NaN);
  }

  Confusion confusion() {
    long[][] counts = new long[classes][classes];
    all.forEach(a -> counts[a.label][a.predicted]++);
    return new Confusion(counts);
  }

  /** The wrong answers given with most confidence. */
  List<Answer> worst(int count) {
    return all.stream()
        .filter(a -> !a.right())
        .sorted(Comparator.comparingDouble(Answer::confidence).reversed())
        .limit(count)
        .toList();
  }
}
