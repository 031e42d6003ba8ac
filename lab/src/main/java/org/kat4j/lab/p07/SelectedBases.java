package org.kat4j.lab.p07;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.Chebyshev;
import org.kat4j.function.kan.Fourier;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.ReluBumps;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Comparison;
import org.kat4j.lab.Study;
import org.kat4j.lab.Training;
import org.kat4j.lab.network.Function;
import org.kat4j.lab.network.Networks;
import org.kat4j.task.Measure;
import org.kat4j.train.Decay;

/** Sheet 07: a selection layer against each basis of its pool, and against a perceptron. */
public final class SelectedBases implements Claim {
  private static final int HIDDEN = 8;

  private static final String SELECTED = "S-KAN";
  private static final String SPLINES = "B-splines";
  private static final String CHEBYSHEV = "Chebyshev";
  private static final String FOURIER = "Fourier";
  private static final String BUMPS = "ReLU bumps";
  private static final String PERCEPTRON = "MLP tanh";
  private static final List<String> FIXED = List.of(SPLINES, CHEBYSHEV, FOURIER, BUMPS);

  private static final List<Function> TARGETS =
      List.of(
          new Function("|x|", 1, -1, 1, x -> Math.abs(x[0])),
          new Function(
              "sign(x) x^2 + 0.1 sin(25 x)",
              1,
              -1,
              1,
              x -> Math.signum(x[0]) * x[0] * x[0] + 0.1 * Math.sin(25 * x[0])),
          new Function(
              "exp(sin(pi x) + y^2)",
              2,
              -1,
              1,
              x -> Math.exp(Math.sin(Math.PI * x[0]) + x[1] * x[1])),
          new Function(
              "exp(-50 (x^2 + y^2)) + 0.3 cos(6 x)",
              2,
              -1,
              1,
              x -> Math.exp(-50 * (x[0] * x[0] + x[1] * x[1])) + 0.3 * Math.cos(6 * x[0])));

  @Override
  public About about() {
    return new About(
        7,
        "S-KAN: activation space selectable KAN (arXiv 2408.08338)",
        "A KAN that chooses the basis of each layer in training fits functions better than KANs of one"
            + " fixed basis and than a perceptron.",
        "S-KAN's error is smaller than that of the fixed basis with the best validation error for each"
            + " function, and than the perceptron's.",
        "The basis that validation chooses is level or ahead: trying them one by one, which costs less"
            + " than a pool, does as well.",
        "The paper's choice is not published; this is the sheet's reconstruction, one choice a layer."
            + " The pool has B-splines, Chebyshev polynomials, Fourier sums and ReLU bumps, with eight"
            + " or nine coefficients an edge so that sizes are near after the choice whatever is chosen;"
            + " the remaining differences (biases, ends of bumps) are not removed. Radial bases are"
            + " left out because kat4j's normalise their inputs, wavelets because they have fewer"
            + " coefficients. Four of the sheet's seven functions in float32. S-ConvKAN is tried on"
            + " Fashion-MNIST instead of MNIST, for information: the verdict is one about functions, whose"
            + " four targets say more than one set of images. Its networks have batch norms, which the"
            + " source's have not, since bases are made for inputs near [-1, 1]; most of their"
            + " parameters beside the second convolution are those of the linear layer.",
        3);
  }

  /** Eight or nine coefficients an edge. */
  private static SequencedMap<String, KanLayer.Spec> pool() {
    SequencedMap<String, KanLayer.Spec> pool = new LinkedHashMap<>();
    pool.put(SPLINES, new BSpline.Spec(5, 3, -1, 1, Activation.SILU, false, 0.02));
    pool.put(CHEBYSHEV, new Chebyshev.Spec(8));
    pool.put(FOURIER, new Fourier.Spec(4, true, true));
    pool.put(BUMPS, new ReluBumps.Spec(6, 3, true));
    return pool;
  }

  @Override
  public List<Study> studies(Budget budget) {
    int steps = budget.of(200, 3000, 10_000);
    List<Study> studies = new ArrayList<>();
    TARGETS.forEach(target -> studies.add(study(target, steps)));
    studies.add(ConvolutionStudy.of(budget));
    return studies;
  }

  private static Study study(Function target, int steps) {
    int in = target.inputs();
    String widths = "[%d, %d, 1]".formatted(in, HIDDEN);
    var selected = new PoolNetwork.Spec(in, 1, List.copyOf(pool().values()), HIDDEN);
    List<Arm> arms = new ArrayList<>();
    arms.add(
        new Arm(
            SELECTED,
            widths + ", parameters before the choice",
            selected,
            Networks.parameters(selected),
            Double.NaN)); // operations change on the way
    pool()
        .forEach(
            (name, layer) -> arms.add(Arm.of(name, widths, Networks.kan(in, HIDDEN, 1, layer))));
    double size = arms.get(1).parameters();
    arms.add(Networks.arm(PERCEPTRON, Networks.perceptronOfSize(size, in, 1, Activation.TANH)));
    return new Study(
        target.name(),
        "1000 points, validated and tested on 1000 each, Adam along a cosine, %d steps on all points; S-KAN: 40 %% all together, 20 %% choosing, 40 %% the chosen"
            .formatted(steps),
        Measure.RMSE,
        Study.Match.NOTHING,
        List.of(3e-3, 1e-2, 3e-2),
        arms,
        new ThreePhases(Training.adam(steps, Training.ALL, new Decay.Cosine()))
            .on(_ -> target.rows(1000, 1000)));
  }

  @Override
  public List<Comparison> comparisons(Budget budget) {
    List<String> all = TARGETS.stream().map(Function::name).toList();
    double margin = Math.log(1.25);
    List<Comparison> questions = new ArrayList<>();
    questions.add(
        Comparison.better(
                "S-KAN beats the fixed basis that validation chooses",
                all,
                SELECTED,
                SPLINES,
                margin)
            .againstBestOf(FIXED));
    questions.add(
        Comparison.better("S-KAN beats the perceptron", all, SELECTED, PERCEPTRON, margin));
    for (String basis : FIXED) {
      questions.add(
          Comparison.better("S-KAN beats " + basis, all, SELECTED, basis, margin).forInformation());
    }
    questions.addAll(ConvolutionStudy.questions());
    return questions;
  }
}
