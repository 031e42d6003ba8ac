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
import org.kat4j.lab.network.Fit;
import org.kat4j.lab.network.FrozenFeatures;
import org.kat4j.lab.network.Perceptron;
import org.kat4j.task.Measure;

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
    Fit fit = new Fit(budget.of(3, 10, 50), 64, 0, true);
    Arm hqkan = latent(HQKAN, CIRCUIT, "r 3, angles trained");
    return new Study(
        NAME,
        "%,d images as 256 features of fixed random filters, validated on %,d, tested on %,d, %d epochs of batches of 64, Adam along a cosine"
            .formatted(train, validation, test, fit.epochs()),
        Measure.ACCURACY,
        Study.Match.NOTHING,
        List.of(1e-3, 3e-3, 1e-2),
        List.of(
            hqkan,
            latent(HKAN, SPLINE, "k 3, G 4"),
            Perceptron.Spec.of(FIRST, Activation.SILU).arm(LOW_RANK, IN, CLASSES),
            new Perceptron.Spec(List.of(), Activation.SILU, false).arm(LINEAR, IN, CLASSES),
            Perceptron.Spec.ofSize(hqkan.parameters(), Activation.SILU, IN, CLASSES)
                .arm(EQUAL, IN, CLASSES)),
        fit.on(FrozenFeatures.ofCifar10(train, validation, test)));
  }

  private static Arm latent(String name, KanLayer.Spec function, String what) {
    return new LatentHead.Spec(FIRST, SECOND, function)
        .arm(name, "[%d, %d, %d, %d], %s".formatted(IN, FIRST, SECOND, CLASSES, what), IN, CLASSES);
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
