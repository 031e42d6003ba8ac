package org.kat4j.lab.p11;

import java.util.List;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.TruncatedPower;
import org.kat4j.function.kan.TruncatedPower.Knots;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Comparison;
import org.kat4j.lab.Study;
import org.kat4j.lab.Training;
import org.kat4j.lab.Width;
import org.kat4j.lab.network.FrozenFeatures;
import org.kat4j.lab.network.Networks;
import org.kat4j.model.KanNetwork;
import org.kat4j.model.Perceptron;
import org.kat4j.task.Measure;
import org.kat4j.train.Decay;

/**
 * Experiment (b) of sheet 11: heads of equal size on the same frozen features of CIFAR-10, with and
 * without layer norms. For information: the sheet has no rule for a verdict from it.
 */
final class Heads {
  private static final String PLAIN = "CIFAR-10 heads";
  private static final String NORMED = "CIFAR-10 heads, layer norm";

  private static final String FIXED = "truncated powers";
  private static final String LEARNED = "truncated powers, learned knots";
  private static final String INDIVIDUAL = "truncated powers, knots of each edge";
  private static final String SPLINES = "B-splines";
  private static final String SINES = "SineKAN";
  private static final String MLP = "MLP silu";

  private static final int IN = FrozenFeatures.COUNT;
  private static final int CLASSES = 10;
  private static final double REACH = 3; // of the knots: features have deviation 1

  private Heads() {}

  static List<Study> of(Budget budget) {
    return List.of(study(PLAIN, false, budget), study(NORMED, true, budget));
  }

  private static Study study(String name, boolean layerNorm, Budget budget) {
    int train = budget.of(500, 5000, 45_000);
    int validation = budget.of(500, 1000, 5000);
    int test = budget.of(1000, 2000, 10_000);
    Training training = Training.adam(budget.of(3, 10, 10), 64, new Decay.Cosine());
    Arm fixed = powers(FIXED, 8, 5, Knots.FIXED_SHARED, layerNorm);
    return new Study(
        name,
        "%,d images as 256 features of fixed random filters, validated on %,d, tested on %,d, %d epochs of batches of 64, Adam along a cosine"
            .formatted(train, validation, test, training.epochs()),
        Measure.ACCURACY,
        Study.Match.PARAMETERS,
        List.of(1e-3, 3e-3, 1e-2),
        List.of(
            fixed,
            powers(LEARNED, 6, 7, Knots.LEARNED_SHARED, layerNorm),
            powers(INDIVIDUAL, 6, 4, Knots.LEARNED_INDIVIDUAL, layerNorm),
            kan(
                SPLINES,
                8,
                new BSpline.Spec(5, 3, -REACH, REACH, Activation.SILU, false, 0.02),
                "G 5, base branch",
                layerNorm),
            Arm.of(SINES, "[256, 9, 10], 8 sines", new Sines.Spec(IN, CLASSES, 9, 8, layerNorm)),
            perceptron(fixed, layerNorm)),
        training.on(FrozenFeatures.ofCifar10(train, validation, test)));
  }

  private static Arm powers(String name, int hidden, int count, Knots knots, boolean layerNorm) {
    var layer = new TruncatedPower.Spec(3, count, -REACH, REACH, knots, false);
    return kan(name, hidden, layer, "%d knots".formatted(count), layerNorm);
  }

  private static Arm kan(
      String name, int hidden, KanLayer.Spec layer, String what, boolean layerNorm) {
    return Arm.of(
        name,
        "[%d, %d, %d], k 3, %s".formatted(IN, hidden, CLASSES, what),
        new KanNetwork.Spec(IN, CLASSES, List.of(hidden), layer, layerNorm));
  }

  private static Arm perceptron(Arm like, boolean layerNorm) {
    int hidden =
        Width.nearest(like.parameters(), h -> Networks.parameters(perceptron(h, layerNorm)));
    return Networks.arm(MLP, perceptron(hidden, layerNorm));
  }

  private static Perceptron.Spec perceptron(int hidden, boolean layerNorm) {
    return new Perceptron.Spec(IN, CLASSES, List.of(hidden), Activation.SILU, layerNorm);
  }

  static List<Comparison> questions() {
    return List.of(
        ask("truncated powers beat %s as heads", FIXED, MLP),
        ask("truncated powers beat %s as heads", FIXED, SPLINES),
        ask("truncated powers beat %s as heads", FIXED, SINES),
        ask("learned knots beat %s with fixed ones as heads", LEARNED, FIXED),
        ask("knots of each edge beat %s with fixed ones as heads", INDIVIDUAL, FIXED));
  }

  /** By half a point, averaged over heads with and without layer norms. */
  private static Comparison ask(String question, String arm, String rival) {
    return Comparison.better(question.formatted(rival), List.of(PLAIN, NORMED), arm, rival, 0.5)
        .forInformation();
  }
}
