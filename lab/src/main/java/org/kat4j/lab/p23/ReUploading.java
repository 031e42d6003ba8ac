package org.kat4j.lab.p23;

import java.util.ArrayList;
import java.util.List;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.Daruan;
import org.kat4j.function.kan.Daruan.Measurement;
import org.kat4j.function.kan.Daruan.Start;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Comparison;
import org.kat4j.lab.Study;
import org.kat4j.lab.Training;
import org.kat4j.lab.network.Function;
import org.kat4j.lab.network.Networks;
import org.kat4j.lab.network.Rows;
import org.kat4j.task.Measure;
import org.kat4j.train.Decay;

/**
 * Experiments (a) and (b) of sheet 23, trained alike: DARUAN, B-splines, perceptron; and (c), see
 * {@link LatentHeads}.
 */
public final class ReUploading implements Claim {
  private static final int REPETITIONS = 3;
  private static final int HIDDEN = 5;
  private static final int GRID = 13; // G + 3 coefficients and the base: 17 numbers, as DARUAN has

  private static final String FAST = "DARUAN, |a| - |b|";
  private static final String EXACT = "DARUAN, exact";
  private static final String SPREAD = "DARUAN, exact, uploads 1 3 9";
  private static final String SPLINES = "B-splines";
  private static final String PERCEPTRON = "MLP tanh";

  /**
   * @param function what is fitted
   * @param reach inputs come scaled to [-reach, reach]: a circuit has periods, so its scale counts
   */
  private record Target(Function function, double reach) {
    String name() {
      return function.name();
    }

    int inputs() {
      return function.inputs();
    }

    Rows rows() {
      Rows rows = function.rows(1000, 1000);
      return new Rows(
          rows.name() + ", inputs up to " + reach,
          rows.inputs(),
          rows.outputs(),
          rows.classes(),
          stretched(rows.train()),
          stretched(rows.validation()),
          stretched(rows.test()));
    }

    private Rows.Part stretched(Rows.Part part) {
      float[] x = part.x().clone();
      for (int i = 0; i < x.length; i++) {
        x[i] *= (float) reach;
      }
      return new Rows.Part(x, part.y());
    }
  }

  private static final List<Target> SMOOTH =
      List.of(
          new Target(
              new Function(
                  "exp(sin(pi x) + y^2)",
                  2,
                  -1,
                  1,
                  x -> Math.exp(Math.sin(Math.PI * x[0]) + x[1] * x[1])),
              1),
          new Target(
              new Function("sin(e^x + y^2)", 2, -1, 1, x -> Math.sin(Math.exp(x[0]) + x[1] * x[1])),
              1),
          new Target(
              new Function(
                  "sin(20 x) / (20 x)",
                  1,
                  0,
                  1,
                  x -> x[0] == 0 ? 1 : Math.sin(20 * x[0]) / (20 * x[0])),
              1));

  private static final Target SPARSE =
      new Target(
          new Function(
              "cos(13 x) + 0.3 cos(5 x + 1)",
              1,
              -Math.PI,
              Math.PI,
              x -> Math.cos(13 * x[0]) + 0.3 * Math.cos(5 * x[0] + 1)),
          Math.PI);

  @Override
  public About about() {
    return new About(
        23,
        "QKAN: quantum-inspired KAN with data re-uploading activations (arXiv 2509.14026)",
        "Edges that are simulated circuits of one qubit (DARUAN) training functions better than B-spline"
            + " edges and perceptrons of as many parameters, and between two narrow linear layers (HQKAN)"
            + " they are a better head than these layers alone.",
        "With the published measurement and start DARUAN's error is smaller than the B-spline KAN's"
            + " and the perceptron's, averaged over the four functions, and HQKAN-44 is ahead of the"
            + " low-rank MLP on images.",
        "A B-spline KAN or a perceptron of equal size, or the low-rank MLP, is level or ahead.",
        "AdamW along a cosine in float32, the same for all arms, instead of LBFGS; r = 3 from the"
            + " start, layer extension and the transfer to splines are not tried; no"
            + " language model. Heads stand on 256 features of fixed random filters of CIFAR-10 instead of a"
            + " CNN that is trained, 5,000 images of 10 classes instead of CIFAR-100; HQKAN-44 trains the"
            + " angles only, as the published notebooks do. The low-rank MLP has the bottleneck and no"
            + " layer in it, so it is smaller; an MLP of HQKAN's size is for information. The fourth function is ours: the sparse, high frequencies that an"
            + " exponential spectrum is for, at the scale at which uploads 1, 3, 9 reach them.",
        2);
  }

  private static List<Target> targets() {
    List<Target> all = new ArrayList<>(SMOOTH);
    all.add(SPARSE);
    return all;
  }

  @Override
  public List<Study> studies(Budget budget) {
    Training training =
        Training.adam(budget.of(300, 3000, 10_000), Training.ALL, new Decay.Cosine());
    List<Study> studies = new ArrayList<>();
    targets().forEach(target -> studies.add(study(target, training)));
    studies.add(LatentHeads.of(budget));
    return studies;
  }

  private static Study study(Target target, Training training) {
    int in = target.inputs();
    Arm fast = circuit(FAST, Measurement.FAST, Start.ONES, in);
    var splines =
        new BSpline.Spec(GRID, 3, -target.reach(), target.reach(), Activation.SILU, false, 0.02);
    return new Study(
        target.name(),
        "1000 points, validated and tested on 1000 each, Adam along a cosine, %d steps on all points"
            .formatted(training.epochs()),
        Measure.RMSE,
        Study.Match.PARAMETERS,
        List.of(3e-3, 1e-2, 3e-2),
        List.of(
            fast,
            circuit(EXACT, Measurement.EXACT, Start.ONES, in),
            circuit(SPREAD, Measurement.EXACT, Start.POWERS_OF_THREE, in),
            Arm.of(
                SPLINES,
                "[%d, %d, 1], k 3, G %d".formatted(in, HIDDEN, GRID),
                Networks.kan(in, HIDDEN, 1, splines)),
            Networks.arm(
                PERCEPTRON, Networks.perceptronOfSize(fast.parameters(), in, 1, Activation.TANH))),
        training.on(_ -> target.rows()));
  }

  /** Everything trained: 17 numbers an edge. */
  private static Arm circuit(String name, Measurement measurement, Start start, int in) {
    var layer =
        new Daruan.Spec(
            REPETITIONS,
            Daruan.Ansatz.PZ,
            measurement,
            true,
            true,
            true,
            Activation.SILU,
            true,
            start,
            0);
    return Arm.of(
        name,
        "[%d, %d, 1], r %d".formatted(in, HIDDEN, REPETITIONS),
        Networks.kan(in, HIDDEN, 1, layer));
  }

  @Override
  public List<Comparison> comparisons(Budget budget) {
    List<String> all = targets().stream().map(Target::name).toList();
    List<String> sparse = List.of(SPARSE.name());
    double margin = Math.log(1.25);
    List<Comparison> questions = new ArrayList<>();
    questions.add(Comparison.better("DARUAN beats B-splines", all, FAST, SPLINES, margin));
    questions.add(Comparison.better("DARUAN beats the perceptron", all, FAST, PERCEPTRON, margin));
    questions.add(LatentHeads.question());
    questions.add(
        Comparison.better("the exact measurement beats |a| - |b|", all, EXACT, FAST, margin)
            .forInformation());
    questions.add(
        Comparison.better(
                "uploads that start spread beat B-splines on sparse high frequencies",
                sparse,
                SPREAD,
                SPLINES,
                margin)
            .forInformation());
    questions.add(
        Comparison.better(
                "uploads that start spread beat uploads that start at 1 there",
                sparse,
                SPREAD,
                EXACT,
                margin)
            .forInformation());
    questions.addAll(LatentHeads.information());
    return questions;
  }
}
