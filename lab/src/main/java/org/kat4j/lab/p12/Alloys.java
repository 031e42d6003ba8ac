package org.kat4j.lab.p12;

import java.util.List;
import org.kat4j.data.Checksum;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Comparison;
import org.kat4j.lab.Experiment;
import org.kat4j.lab.Study;
import org.kat4j.lab.Workplace;
import org.kat4j.lab.network.Networks;
import org.kat4j.lab.tabular.Contestant;
import org.kat4j.lab.tabular.Contestant.Classical.Kind;
import org.kat4j.lab.tabular.TableTrial;
import org.kat4j.model.KanNetwork;
import org.kat4j.model.Perceptron;
import org.kat4j.tables.HighEntropyAlloys;
import org.kat4j.tables.KnownTables;
import org.kat4j.tables.Parts;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Table;
import org.kat4j.tables.Task;
import org.kat4j.tables.model.Training;
import org.kat4j.task.Measure;

/**
 * KAN for high-entropy alloys: yield strength, single phases and Young modulus. Experiments (a),
 * (b), (c) of sheet 12.
 */
public final class Alloys implements Claim {
  private static final Measure R2 = new Measure("R2", "", true, false);
  private static final Measure F1 = new Measure("macro F1", "", true, false);
  private static final List<Double> RATES = List.of(3e-3, 1e-2, 3e-2);

  private static final String KAN = "KAN";
  private static final String MLP = "MLP";
  private static final String LINEAR = "linear";
  private static final String KERNEL = "kernel ridge";
  private static final String FOREST = "random forest";

  private static final String BY_ALLOY = "yield strength, split by alloy";
  private static final String BY_ROW = "yield strength, split by row";
  private static final String PHASE = "single phase";
  private static final String MODULUS = "Young modulus, split by alloy";

  @Override
  public About about() {
    return new About(
        12,
        "KAN for high-entropy alloys (arXiv 2410.08452)",
        "On small tables of alloys a KAN predicts as well as or better than an MLP of its size.",
        "KAN is ahead of the MLP of its size in yield strength of unseen alloys and in single"
            + " phases.",
        "KAN is level with the MLP or behind it.",
        "The paper's tables and settings are not published: the open table of Borg et al. (2020)"
            + " with descriptors of sheet 12; processing class and test temperature stand in for"
            + " the rolling and annealing columns. Each seed is another split: 64 % train, 16 %"
            + " validation, 20 % test. Adam with early stopping instead of LBFGS. The sheet asks"
            + " for 10 repeats: --seeds 10. The table's Young modulus is calculated from the"
            + " elements: it shows whether a KAN loses to a linear model, and nothing rests on it.",
        2);
  }

  @Override
  public List<Study> studies(Budget budget) {
    Training training = Training.adam(1e-2, 64, budget.of(60, 400, 400)).withPatience(40, 0);
    String how =
        ", Adam, up to %d epochs, the epoch of the best validation loss"
            .formatted(training.epochs());
    List<Arm> strength =
        List.of(
            Contestant.trained(KAN, "[27, 5, 1], G 3, k 3", kan(27, 5, 1), training),
            Contestant.trained(MLP, "[27, 39, 1], tanh", mlp(27, 39, 1), training),
            Contestant.classical(LINEAR, "ridge regression", Kind.LINEAR, 1e-3),
            Contestant.classical(KERNEL, "gamma 1/54, ridge 0.1", Kind.KERNEL_RIDGE, 0.1),
            Contestant.classical(FOREST, "200 trees", Kind.RANDOM_FOREST, 200));
    List<Arm> phase =
        List.of(
            Contestant.trained(KAN, "[5, 3, 2], G 3, k 3", kan(5, 3, 2), training),
            Contestant.trained(MLP, "[5, 21, 2], tanh", mlp(5, 21, 2), training),
            Contestant.classical(LINEAR, "logistic regression", Kind.LINEAR, 1),
            Contestant.classical(FOREST, "200 trees", Kind.RANDOM_FOREST, 200));
    List<Arm> modulus =
        List.of(
            Contestant.trained(KAN, "[15, 5, 1], G 3, k 3", kan(15, 5, 1), training),
            Contestant.trained(MLP, "[15, 38, 1], tanh", mlp(15, 38, 1), training),
            Contestant.classical(LINEAR, "ridge regression", Kind.LINEAR, 1e-3));
    String sizes = "; KAN and MLP within 2 % of parameters";
    return List.of(
        new Study(
            BY_ALLOY,
            "yield strength in GPa from 27 features, no alloy on both sides" + how + sizes,
            R2,
            Study.Match.NOTHING,
            RATES,
            strength,
            place -> experiment(place, BY_ALLOY)),
        new Study(
            BY_ROW,
            "the same with rows of an alloy on both sides: what leaks" + how + sizes,
            R2,
            Study.Match.NOTHING,
            RATES,
            strength,
            place -> experiment(place, BY_ROW)),
        new Study(
            PHASE,
            "one phase or several from five descriptors" + how + sizes,
            F1,
            Study.Match.NOTHING,
            RATES,
            phase,
            place -> experiment(place, PHASE)),
        new Study(
            MODULUS,
            "calculated Young modulus in GPa from the fractions of 15 elements, no alloy on both"
                + " sides: linear by construction, so a check and no evidence"
                + how
                + sizes,
            R2,
            Study.Match.NOTHING,
            RATES,
            modulus,
            place -> experiment(place, MODULUS)));
  }

  /** Splines on [-3, 3], which hold standardised features. */
  private static KanNetwork.Spec kan(int in, int hidden, int out) {
    return Networks.kan(
        in, hidden, out, new BSpline.Spec(3, 3, -3, 3, Activation.SILU, true, 0.02));
  }

  private static Perceptron.Spec mlp(int in, int hidden, int out) {
    return Networks.perceptron(in, hidden, out, Activation.TANH);
  }

  private static Experiment experiment(Workplace place, String study) {
    Table table = KnownTables.open("hea", place.dataRoot()).table();
    HighEntropyAlloys.Grouped alloys =
        switch (study) {
          case PHASE -> HighEntropyAlloys.singlePhase(table);
          case MODULUS -> HighEntropyAlloys.youngModulus(table);
          default -> HighEntropyAlloys.yieldStrength(table);
        };
    boolean byAlloy = study.equals(BY_ALLOY) || study.equals(MODULUS);
    Problem problem = alloys.problem();
    String score = problem.task() == Task.CLASSIFICATION ? "f1" : "r2";
    return new Experiment(
        TableTrial.data(study, problem)
            + ", groups "
            + new Checksum().add(alloys.groups()).digits(),
        trial -> {
          Parts parts =
              byAlloy
                  ? TableTrial.byGroup(alloys.groups(), trial.seed())
                  : TableTrial.byRow(problem, trial.seed());
          return TableTrial.run(trial, problem, parts, score, 1);
        });
  }

  @Override
  public List<Comparison> comparisons(Budget budget) {
    return List.of(
        Comparison.better("KAN beats the MLP on unseen alloys", List.of(BY_ALLOY), KAN, MLP, 0.02),
        Comparison.better("KAN beats the MLP on single phases", List.of(PHASE), KAN, MLP, 0.02),
        Comparison.better("KAN beats the MLP by row", List.of(BY_ROW), KAN, MLP, 0.02)
            .forInformation(),
        Comparison.better(
                "KAN beats classical models on unseen alloys", List.of(BY_ALLOY), KAN, KERNEL, 0.02)
            .againstBestOf(List.of(LINEAR, KERNEL, FOREST))
            .forInformation(),
        Comparison.better(
                "KAN beats classical models on single phases", List.of(PHASE), KAN, LINEAR, 0.02)
            .againstBestOf(List.of(LINEAR, FOREST))
            .forInformation(),
        Comparison.notWorse(
                "KAN does not lose to a linear model where the law is linear",
                List.of(MODULUS),
                KAN,
                LINEAR,
                0.02)
            .forInformation());
  }
}
