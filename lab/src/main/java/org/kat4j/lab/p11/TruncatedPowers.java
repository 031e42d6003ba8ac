package org.kat4j.lab.p11;

import java.util.ArrayList;
import java.util.List;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.TruncatedPower;
import org.kat4j.function.kan.TruncatedPower.Knots;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Comparison;
import org.kat4j.lab.Study;
import org.kat4j.lab.Training;
import org.kat4j.lab.network.Function;
import org.kat4j.model.KanNetwork;
import org.kat4j.task.Measure;
import org.kat4j.train.Decay;

/**
 * Experiment (a) of sheet 11: one space of functions, two bases, first-order training; and (b), see
 * {@link Heads}.
 */
public final class TruncatedPowers implements Claim {
  private static final String TRUKAN = "truncated powers";
  private static final String LEARNED = "truncated powers, learned knots";
  private static final String SPLINES = "B-splines";
  private static final int KNOTS = 9; // a B-spline grid of KNOTS + 1 intervals has the same span

  private static final List<Function> TARGETS =
      List.of(
          new Function("sin(pi x)", 1, -1, 1, x -> Math.sin(Math.PI * x[0])),
          new Function("J0(20 x)", 1, -1, 1, x -> besselJ0(20 * x[0])),
          new Function(
              "exp(sin(pi x) + y^2)",
              2,
              -1,
              1,
              x -> Math.exp(Math.sin(Math.PI * x[0]) + x[1] * x[1])));

  @Override
  public About about() {
    return new About(
        11,
        "TruKAN: truncated power functions in KANs",
        "Truncated powers instead of B-splines on the same knots training as well.",
        "With equal knots and training the truncated powers' error is within a factor 2 of the"
            + " B-splines'.",
        "First-order training in float32 leaves truncated powers more than a factor 2 behind, though"
            + " both bases span the same functions.",
        "The verdict is one about functions of one and two variables. Heads on frozen features are for"
            + " information: CIFAR-10 through 64 fixed random filters and averages (256 features of"
            + " deviation 1) instead of EfficientNet-V2, whose figures were not recovered; heads of"
            + " equal size, so that widths and numbers of knots differ; B-splines with their"
            + " base branch; SineKAN rebuilt from its source with two layers. The paper's hybrid"
            + " optimisation is not identified: all heads are trained with Adam along a cosine. No"
            + " fixed knots of each edge: they give the same function as shared ones.",
        2);
  }

  @Override
  public List<Study> studies(Budget budget) {
    Training training =
        Training.adam(budget.of(500, 3000, 10_000), Training.ALL, new Decay.Cosine());
    List<Study> studies = new ArrayList<>();
    for (Function target : TARGETS) {
      List<Integer> hidden = target.inputs() == 1 ? List.of() : List.of(5);
      studies.add(
          new Study(
              target.name(),
              "1000 points, validated and tested on 1000 each, Adam along a cosine, %d steps on all points"
                  .formatted(training.epochs()),
              Measure.RMSE,
              Study.Match.NOTHING,
              List.of(3e-3, 1e-2, 3e-2),
              List.of(
                  splines(hidden, target),
                  powers(TRUKAN, hidden, Knots.FIXED_SHARED, target),
                  powers(LEARNED, hidden, Knots.LEARNED_SHARED, target)),
              training.on(_ -> target.rows(1000, 1000))));
    }
    studies.addAll(Heads.of(budget));
    return studies;
  }

  /** Without base branch and scaler: the spline space alone. */
  private static Arm splines(List<Integer> hidden, Function target) {
    var layer = new BSpline.Spec(KNOTS + 1, 3, -1, 1, Activation.ZERO, false, 0.02);
    return Arm.of(
        SPLINES,
        "k 3, G %d, no base branch".formatted(KNOTS + 1),
        new KanNetwork.Spec(target.inputs(), 1, hidden, layer, false));
  }

  private static Arm powers(String name, List<Integer> hidden, Knots knots, Function target) {
    var layer = new TruncatedPower.Spec(3, KNOTS, -1, 1, knots, false);
    return Arm.of(
        name,
        "k 3, %d knots".formatted(KNOTS),
        new KanNetwork.Spec(target.inputs(), 1, hidden, layer, false));
  }

  @Override
  public List<Comparison> comparisons(Budget budget) {
    List<String> all = TARGETS.stream().map(Function::name).toList();
    List<Comparison> questions = new ArrayList<>();
    questions.add(
        Comparison.notWorse(
            "truncated powers are within a factor 2 of B-splines",
            all,
            TRUKAN,
            SPLINES,
            Math.log(2)));
    questions.add(
        Comparison.notWorse("with learned knots too", all, LEARNED, SPLINES, Math.log(2))
            .forInformation());
    questions.addAll(Heads.questions());
    return questions;
  }

  /** J0(x) = 1/pi int_0^pi cos(x sin t) dt; the trapezoid rule is exact to rounding here. */
  static double besselJ0(double x) {
    int points = 100;
    double sum = 0;
    for (int i = 0; i < points; i++) {
      sum += Math.cos(x * Math.sin(Math.PI * (i + 0.5) / points));
    }
    return sum / points;
  }
}
