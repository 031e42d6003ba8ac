package org.kat4j.lab.p14;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.kat4j.function.Activation;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Comparison;
import org.kat4j.lab.Experiment;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Study;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.lab.network.Networks;
import org.kat4j.lab.tabular.Contestant;
import org.kat4j.lab.tabular.Contestant.Classical.Kind;
import org.kat4j.lab.tabular.TableTrial;
import org.kat4j.model.kacq.KacqDcnn;
import org.kat4j.tables.KnownTables;
import org.kat4j.tables.Parts;
import org.kat4j.tables.Preparation;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Scaling;
import org.kat4j.tables.explanation.Conformal;
import org.kat4j.tables.explanation.KernelShap;
import org.kat4j.tables.explanation.Lime;
import org.kat4j.tables.model.Predictor;
import org.kat4j.tables.model.Scores;
import org.kat4j.tables.model.Training;
import org.kat4j.task.Measure;

/** KACQ-DCNN: do quantum circuits in a small network help to find heart disease? Sheet 14. */
public final class HeartDisease implements Claim {
  private static final List<String> TABLES = List.of("heart-918", "heart-cleveland");
  private static final double ALPHA = 0.1; // of conformal sets
  private static final int EXPLAINED = 3; // rows

  private static final String KACQ = "KACQ-DCNN";
  private static final String WITHOUT = "without circuits";
  private static final String DENSE = "MLP version";
  private static final String MLP = "MLP";
  private static final String LOGISTIC = "logistic";
  private static final String FOREST = "random forest";

  @Override
  public About about() {
    return new About(
        14,
        "KACQ-DCNN: dual-channel KAN and four-qubit network for heart disease (arXiv 2410.07446)",
        "Quantum circuits and KAN layers find heart disease better than the same network without"
            + " them and better than classical models.",
        "KACQ-DCNN is ahead of the same network without circuits and of the better classical model"
            + " on both heart tables.",
        "It is level with the network without circuits, or with logistic regression or a forest.",
        "Widths divided by 8 except in the paper budget; each seed is another split: 50 % train, 15"
            + " % validation (stops training), 15 % calibration of prediction sets, 20 % test that"
            + " is used once, where the paper's test rows also stopped its training. Zeros of"
            + " cholesterol and blood pressure are missing and become the training mean. A random"
            + " forest stands for tree ensembles. The sheet asks for 10 repeats: --seeds 10.",
        2);
  }

  @Override
  public List<Study> studies(Budget budget) {
    List<Study> studies = new ArrayList<>();
    Training training = Training.adam(1e-3, 32, budget.of(10, 60, 100)).withPatience(10, 5);
    for (String name : TABLES) {
      int features = name.equals("heart-918") ? 11 : 13;
      studies.add(
          new Study(
              name,
              "disease or not, %d features, Adam, batches of 32, up to %d epochs, rate halved after 5 and end after 10 without a better validation loss"
                  .formatted(features, training.epochs()),
              Measure.ACCURACY,
              Study.Match.NOTHING,
              List.of(1e-3, 3e-3),
              arms(budget, features, training),
              place -> experiment(place, name)));
    }
    return studies;
  }

  private static List<Arm> arms(Budget budget, int features, Training training) {
    KacqDcnn.Spec spec =
        budget == Budget.PAPER ? KacqDcnn.Spec.published(features) : KacqDcnn.Spec.eighth(features);
    KacqDcnn.Spec without = spec.with(KacqDcnn.Middle.LINEAR, KacqDcnn.Dense.KAN);
    KacqDcnn.Spec dense = spec.with(KacqDcnn.Middle.CIRCUITS, KacqDcnn.Dense.MLP);
    Arm kacq = Contestant.trained(KACQ, "KAN layers and three circuits", spec, training);
    int width = Math.max(1, (int) ((kacq.parameters() - 2) / (features + 3)));
    return List.of(
        kacq,
        Contestant.trained(WITHOUT, "linear layers and tanh for circuits", without, training),
        Contestant.trained(DENSE, "linear layers for KAN layers", dense, training),
        Contestant.trained(
            MLP,
            "one hidden layer of %d, as many parameters".formatted(width),
            Networks.perceptron(features, width, 2, Activation.RELU),
            training),
        Contestant.classical(LOGISTIC, "one column for each word", Kind.LINEAR, 1),
        Contestant.classical(FOREST, "200 trees", Kind.RANDOM_FOREST, 200));
  }

  private static Experiment experiment(Workplace place, String name) {
    KnownTables.Opened opened = KnownTables.open(name, place.dataRoot());
    Problem codes = problem(opened, Preparation.Encoding.ORDINAL);
    Problem columns = problem(opened, Preparation.Encoding.ONE_HOT);
    return new Experiment(
        TableTrial.data(name, codes, columns),
        trial -> run(trial, trial.arm().name().equals(LOGISTIC) ? columns : codes));
  }

  private static Problem problem(KnownTables.Opened opened, Preparation.Encoding encoding) {
    return Problem.of(
        opened.table(),
        opened.target(),
        opened.task(),
        new Preparation(Preparation.Missing.MEAN, encoding),
        _ -> {});
  }

  private static Measured run(Trial trial, Problem problem) {
    Parts parts = Parts.shares(problem, trial.seed(), 0.5, 0.15, 0.15, 0.2);
    Problem train = problem.rows(parts.of(0));
    Scaling scaling =
        Scaling.fit(
            trial.arm().name().equals(LOGISTIC) ? Scaling.Kind.STANDARD : Scaling.Kind.MIN_MAX,
            train.x());
    Problem scaled = scaling.apply(train);
    Problem validation = scaling.apply(problem.rows(parts.of(1)));
    try (Contestant.Model model =
        Contestant.of(trial.arm()).fit(scaled, validation, trial.rate(), trial.seed())) {
      Predictor predictor = model.predictor();
      double seen = accuracy(Scores.of(validation, predictor.predict(validation.x())));
      if (!trial.last()) {
        return Measured.of(seen, Double.NaN);
      }
      Problem calibration = scaling.apply(problem.rows(parts.of(2)));
      Problem test = scaling.apply(problem.rows(parts.of(3)));
      double[][] p = predictor.predict(test.x());
      Map<String, Double> extras = new LinkedHashMap<>(Scores.of(test, p));
      double accuracy = accuracy(extras);
      Conformal.Quality sets =
          Conformal.marginal(predictor.predict(calibration.x()), calibration.y(), ALPHA)
              .quality(p, test.y());
      extras.put("coverage at alpha 0.1", sets.coverage());
      extras.put("labels in a set", sets.meanSize());
      extras.put("empty sets", sets.empty());
      if (trial.arm().name().equals(KACQ)) {
        extras.put("agreement of LIME and SHAP", agreement(predictor, scaled, test, trial.seed()));
      }
      return Measured.of(seen, accuracy).withExtras(extras);
    }
  }

  private static double accuracy(Map<String, Double> scores) {
    return 100 * scores.getOrDefault("accuracy", Double.NaN);
  }

  /** Mean rank correlation of the features' absolute effects on the first test rows. */
  private static double agreement(Predictor predictor, Problem train, Problem test, long seed) {
    double[] deviations = new double[train.features().size()];
    for (int j = 0; j < deviations.length; j++) {
      int feature = j;
      double[] column = Arrays.stream(train.x()).mapToDouble(row -> row[feature]).toArray();
      double mean = Arrays.stream(column).average().orElse(0);
      deviations[j] =
          Math.sqrt(Arrays.stream(column).map(v -> (v - mean) * (v - mean)).average().orElse(0));
    }
    double[][] background = Arrays.copyOf(train.x(), Math.min(8, train.rows()));
    double sum = 0;
    for (int i = 0; i < EXPLAINED; i++) {
      double[] row = test.x()[i];
      Lime lime = Lime.of(predictor, 1, row, deviations, 1000, seed);
      KernelShap shap = KernelShap.of(predictor, 1, row, background, 500, seed);
      sum += rankCorrelation(lime.effects(), shap.shares()) / EXPLAINED;
    }
    return sum;
  }

  /** Spearman's, of absolute values. */
  static double rankCorrelation(double[] a, double[] b) {
    double[] ranksA = ranks(a);
    double[] ranksB = ranks(b);
    double squares = 0;
    for (int i = 0; i < a.length; i++) {
      squares += (ranksA[i] - ranksB[i]) * (ranksA[i] - ranksB[i]);
    }
    double n = a.length;
    return 1 - 6 * squares / (n * (n * n - 1));
  }

  private static double[] ranks(double[] values) {
    double[] ranks = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      for (double other : values) {
        ranks[i] += Math.abs(other) > Math.abs(values[i]) ? 1 : 0;
      }
    }
    return ranks;
  }

  @Override
  public List<Comparison> comparisons(Budget budget) {
    return List.of(
        Comparison.better("the circuits help", TABLES, KACQ, WITHOUT, 1),
        Comparison.better("it beats classical models", TABLES, KACQ, LOGISTIC, 1)
            .againstBestOf(List.of(LOGISTIC, FOREST)),
        Comparison.better("KAN layers help", TABLES, KACQ, DENSE, 1).forInformation(),
        Comparison.better("it beats an MLP of its size", TABLES, KACQ, MLP, 1).forInformation());
  }

  @Override
  public List<Published> published() {
    return List.of(
        new Published(
            "heart-918",
            KACQ,
            92.03,
            "paper, published widths, 276 rows that also stopped the training"),
        new Published("heart-918", LOGISTIC, 85.9, "repository's table, 184 test rows"),
        new Published("heart-918", FOREST, 89.7, "repository's table, 184 test rows"));
  }
}
