package org.kat4j.lab.p23;

import java.util.List;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.Daruan;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Comparison;
import org.kat4j.lab.Study;
import org.kat4j.lab.Training;
import org.kat4j.lab.network.FrozenFeatures;
import org.kat4j.lab.network.Networks;
import org.kat4j.model.Perceptron;
import org.kat4j.task.Measure;
import org.kat4j.train.Decay;

/**
 * Experiment (c) of sheet 23: HQKAN-44 as a head on frozen features, against the bottleneck alone.
 * Widths are the paper's rule: four times the rounded-up binary logarithms of inputs and classes.
 */
final class LatentHeads {
  private static final String NAME = "CIFAR-10 heads";

  private static final String HQKAN = "HQKAN-44";
  private static final String HKAN = "B-splines in the latent";
  private static final String LOW_RANK = "low-rank MLP silu";
  private static final String LINEAR = "linear";
  private static final String EQUAL = "MLP silu of HQKAN's size";

  private static final int IN = FrozenFeatures.COUNT;
  private static final int CLASSES = 10;
  private static final int FIRST = 32; // 4 log2 256
  private static final int SECOND = 16; // 4 ceil(log2 10)

  /** Of the paper's notebooks: angles trained, nothing else, 8 numbers an edge. */
  private static final Daruan.Spec CIRCUIT =
      new Daruan.Spec(
          3,
          Daruan.Ansatz.PZ,
          Daruan.Measurement.FAST,
          false,
          false,
          false,
          Activation.SILU,
          false,
          Daruan.Start.ONES,
          0);

  /** Eight numbers an edge too: G + 3 and the base branch. */
  private static final BSpline.Spec SPLINE =
      new BSpline.Spec(4, 3, -2, 2, Activation.SILU, false, 0.02);

  private LatentHeads() {}

  static Study of(Budget budget) {
    int train = budget.of(500, 5000, 45_000);
    int validation = budget.of(500, 1000, 5000);
    int test = budget.of(1000, 2000, 10_000);
    Training training = Training.adam(budget.of(3, 10, 50), 64, new Decay.Cosine());
    Arm hqkan = latent(HQKAN, CIRCUIT, "r 3, angles trained");
    return new Study(
        NAME,
        "%,d images as 256 features of fixed random filters, validated on %,d, tested on %,d, %d epochs of batches of 64, Adam along a cosine"
            .formatted(train, validation, test, training.epochs()),
        Measure.ACCURACY,
        Study.Match.NOTHING,
        List.of(1e-3, 3e-3, 1e-2),
        List.of(
            hqkan,
            latent(HKAN, SPLINE, "k 3, G 4"),
            Networks.arm(LOW_RANK, Networks.perceptron(IN, FIRST, CLASSES, Activation.SILU)),
            Networks.arm(
                LINEAR, new Perceptron.Spec(IN, CLASSES, List.of(), Activation.SILU, false)),
            Networks.arm(
                EQUAL,
                Networks.perceptronOfSize(hqkan.parameters(), IN, CLASSES, Activation.SILU))),
        training.on(FrozenFeatures.ofCifar10(train, validation, test)));
  }

  private static Arm latent(String name, KanLayer.Spec function, String what) {
    return Arm.of(
        name,
        "[%d, %d, %d, %d], %s".formatted(IN, FIRST, SECOND, CLASSES, what),
        new LatentHead.Spec(IN, CLASSES, FIRST, SECOND, function));
  }

  /** By half a point. */
  static Comparison question() {
    return ask(LOW_RANK);
  }

  static List<Comparison> information() {
    return List.of(
        ask(HKAN).forInformation(), ask(LINEAR).forInformation(), ask(EQUAL).forInformation());
  }

  private static Comparison ask(String rival) {
    return Comparison.better(
        "%s beats %s as a head".formatted(HQKAN, rival), List.of(NAME), HQKAN, rival, 0.5);
  }
}
