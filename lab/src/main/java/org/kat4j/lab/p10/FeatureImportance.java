package org.kat4j.lab.p10;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.kat4j.data.RandomStream;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Comparison;
import org.kat4j.lab.Experiment;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Study;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.lab.tabular.TableTrial;
import org.kat4j.tables.KnownTables;
import org.kat4j.tables.Parts;
import org.kat4j.tables.Preparation;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Scaling;
import org.kat4j.tables.Task;
import org.kat4j.tables.importance.Importance;
import org.kat4j.tables.importance.KanScore;
import org.kat4j.tables.importance.KanSettings;
import org.kat4j.tables.importance.KnownTruth;
import org.kat4j.tables.importance.Selector;
import org.kat4j.tables.model.ElasticNet;
import org.kat4j.tables.model.LinearClassifier;
import org.kat4j.tables.model.Predictor;
import org.kat4j.tables.model.RandomForest;
import org.kat4j.tables.model.Scores;
import org.kat4j.task.Measure;

/** Features ranked by a KAN against those ranked otherwise. Experiments (a) and (b) of sheet 10. */
public final class FeatureImportance implements Claim {
  private static final Measure AREA = new Measure("AUC", "", true, false);
  private static final Measure QUALITY = new Measure("macro F1 or R2", "", true, false);
  private static final List<Double> NOTHING_TUNED = List.of(1.0);
  private static final double[] RETAINED = {0.2, 0.4, 0.6};

  private static final String TRUTH = "known formula";
  private static final String L1 = "kan-l1";
  private static final String L2 = "kan-l2";
  private static final String SI = "kan-si";
  private static final String KO = "kan-ko";
  private static final String LASSO = "lasso";
  private static final String FOREST = "random-forest";
  private static final String MUTUAL = "mutual-information";
  private static final String SVM = "svm-rfe";
  private static final List<String> CLASSICAL = List.of(LASSO, FOREST, MUTUAL, SVM);

  /**
   * An arm.
   *
   * @param selector its score
   * @param kan that it looks into; of no effect for classical ones
   */
  private record Ranker(Selector selector, KanSettings kan) {}

  @Override
  public About about() {
    return new About(
        10,
        "Splines-based feature importance: KAN-L1, KAN-L2, KAN-SI, KAN-KO (arXiv 2509.23366)",
        "Scores of a trained KAN find the features that matter at least as well as LASSO, forests,"
            + " mutual information and support vectors.",
        "On a formula with products and squares KAN-SI and KAN-KO are ahead of LASSO and mutual"
            + " information, and on real tables KAN-SI is within 0.01 of the best classical"
            + " selector.",
        "A classical selector is ahead on both.",
        "Nested: features are ranked on the training part only, where the paper ranked with all"
            + " rows. Cubic splines on [-3, 3] and standardised targets; the paper's KAN (order 1,"
            + " two intervals on [-1, 1], raw targets) is an arm beside it. Predictors are logistic"
            + " or ridge regression and a random forest, averaged over them and over 20, 40 and 60"
            + " % of the features.",
        2);
  }

  @Override
  public List<Study> studies(Budget budget) {
    int epochs = budget.of(20, 60, 60);
    List<Study> studies = new ArrayList<>();
    studies.add(
        new Study(
            TRUTH,
            "1000 rows of 20 columns, 5 of them in the formula: P(one of these scores above noise)",
            AREA,
            Study.Match.NOTHING,
            NOTHING_TUNED,
            arms(epochs, true),
            _ -> new Experiment("formula of sheet 10 (a), 1000 rows", FeatureImportance::known)));
    for (String name : tables(budget)) {
      studies.add(
          new Study(
              name,
              "20, 40 and 60 % of the features by their ranks, two predictors, on 20 % of the rows",
              QUALITY,
              Study.Match.NOTHING,
              NOTHING_TUNED,
              arms(epochs, false),
              place -> experiment(place, name, budget)));
    }
    return studies;
  }

  private static List<String> tables(Budget budget) {
    List<String> few = List.of("breast-cancer-wdbc", "wine", "diabetes-progression");
    List<String> more = new ArrayList<>(few);
    more.add("california-housing");
    return budget == Budget.QUICK ? few : more;
  }

  private static List<Arm> arms(int epochs, boolean all) {
    KanSettings usual = KanSettings.usual().withEpochs(epochs);
    KanSettings published = KanSettings.published();
    List<Arm> arms = new ArrayList<>();
    for (Selector selector : Selector.all()) {
      boolean variant = !List.of(L1, L2, SI, KO).contains(selector.title());
      if (all || !(selector instanceof KanScore) || !variant) {
        arms.add(arm(selector.title(), selector, usual));
      }
    }
    if (all) {
      for (KanScore score : List.of(KanScore.KAN_L1, KanScore.KAN_SI, KanScore.KAN_KO)) {
        arms.add(arm(score.title() + ", paper's KAN", score, published));
      }
    }
    return arms;
  }

  private static Arm arm(String name, Selector selector, KanSettings kan) {
    return new Arm(name, "scores of features", new Ranker(selector, kan), 0, Double.NaN);
  }

  private static double[] scores(Trial trial, Problem train, Problem held) {
    if (!(trial.arm().spec() instanceof Ranker(Selector selector, KanSettings kan))) {
      throw new IllegalArgumentException(trial.arm().name() + " is not a selector");
    }
    return Importance.ofRows(train, held, List.of(selector), kan, trial.seed())
        .firstEntry()
        .getValue();
  }

  private static Measured known(Trial trial) {
    Problem problem = KnownTruth.table(1000, trial.seed());
    Parts parts = Parts.shares(problem, trial.seed(), 0.75, 0.25);
    double[] scores = scores(trial, problem.rows(parts.of(0)), problem.rows(parts.of(1)));
    double area = KnownTruth.area(scores);
    return Measured.of(area, area).withExtras(Map.of("hits in the top 5", KnownTruth.hits(scores)));
  }

  private static Experiment experiment(Workplace place, String name, Budget budget) {
    KnownTables.Opened opened = KnownTables.open(name, place.dataRoot());
    Problem whole =
        Problem.of(
            opened.table(),
            opened.target(),
            opened.task(),
            new Preparation(Preparation.Missing.MEAN, Preparation.Encoding.ONE_HOT),
            _ -> {});
    int most = budget.of(600, 2000, 4000);
    Problem problem =
        whole.rows() <= most
            ? whole
            : whole.rows(
                Arrays.stream(RandomStream.of(10).permutation(whole.rows()), 0, most)
                    .sorted()
                    .toArray());
    int trees = budget.of(50, 100, 200);
    return new Experiment(
        TableTrial.data(name, problem) + ", " + trees + " trees",
        trial -> real(trial, problem, trees));
  }

  private static Measured real(Trial trial, Problem problem, int trees) {
    Parts outer = Parts.shares(problem, trial.seed(), 0.8, 0.2);
    Problem train = problem.rows(outer.of(0));
    Problem test = problem.rows(outer.of(1));
    Parts inner = Parts.shares(train, trial.seed(), 0.75, 0.25);
    Problem rest = train.rows(inner.of(0));
    Problem held = train.rows(inner.of(1));
    double[] scores = scores(trial, rest, held);
    int[] ranking = Selector.ranking(scores);
    Map<String, Double> extras = new LinkedHashMap<>();
    double onTest = 0;
    double onHeld = 0;
    for (double share : RETAINED) {
      int count = Selector.retained(share, ranking.length);
      int[] chosen = Arrays.stream(ranking, 0, count).sorted().toArray();
      double quality = quality(train.features(chosen), test.features(chosen), trees, trial.seed());
      extras.put("%.0f %%".formatted(100 * share), quality);
      onTest += quality / RETAINED.length;
      onHeld +=
          quality(rest.features(chosen), held.features(chosen), trees, trial.seed())
              / RETAINED.length;
    }
    return Measured.of(onHeld, onTest).withExtras(extras);
  }

  /** Mean over a linear model and a forest. */
  private static double quality(Problem train, Problem test, int trees, long seed) {
    Scaling scaling = Scaling.fit(Scaling.Kind.STANDARD, train.x());
    Problem scaledTrain = scaling.apply(train);
    Problem scaledTest = scaling.apply(test);
    boolean classes = train.task() == Task.CLASSIFICATION;
    Predictor linear =
        classes
            ? LinearClassifier.fit(LinearClassifier.Kind.LOGISTIC, 1, scaledTrain, seed)
            : ElasticNet.fit(scaledTrain, 0, 1.0 / train.rows());
    Predictor forest = RandomForest.fit(scaledTrain, trees, seed);
    String score = classes ? "f1" : "r2";
    double sum = 0;
    for (Predictor predictor : List.of(linear, forest)) {
      sum +=
          Scores.of(scaledTest, predictor.predict(scaledTest.x())).getOrDefault(score, Double.NaN);
    }
    return sum / 2;
  }

  @Override
  public List<Comparison> comparisons(Budget budget) {
    List<String> real = tables(budget);
    List<String> truth = List.of(TRUTH);
    return List.of(
        Comparison.better(
                "KAN-SI beats LASSO and mutual information on the formula", truth, SI, LASSO, 0.02)
            .againstBestOf(List.of(LASSO, MUTUAL)),
        Comparison.better(
                "KAN-KO beats LASSO and mutual information on the formula", truth, KO, LASSO, 0.02)
            .againstBestOf(List.of(LASSO, MUTUAL)),
        Comparison.notWorse(
                "KAN-SI is within 0.01 of the best classical selector on real tables",
                real,
                SI,
                FOREST,
                0.01)
            .againstBestOf(CLASSICAL),
        Comparison.notWorse("KAN-KO is, too", real, KO, FOREST, 0.01)
            .againstBestOf(CLASSICAL)
            .forInformation(),
        Comparison.notWorse("KAN-L1 is, too", real, L1, FOREST, 0.01)
            .againstBestOf(CLASSICAL)
            .forInformation(),
        Comparison.better("KAN-SI beats the forest on the formula", truth, SI, FOREST, 0.02)
            .forInformation());
  }

  @Override
  public List<Published> published() {
    String source = "paper's charts, logistic regression, ranked with all rows, read to 0.01";
    return List.of(
        new Published("breast-cancer-wdbc", KO, 0.853, source),
        new Published("breast-cancer-wdbc", L1, 0.940, source),
        new Published("breast-cancer-wdbc", L2, 0.942, source),
        new Published("breast-cancer-wdbc", SI, 0.931, source),
        new Published("breast-cancer-wdbc", LASSO, 0.945, source),
        new Published("breast-cancer-wdbc", MUTUAL, 0.940, source));
  }
}
