package org.kat4j.lab.p09;

import java.util.List;
import java.util.Map;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Experiment;
import org.kat4j.lab.Study;
import org.kat4j.lab.Width;
import org.kat4j.lab.Workplace;
import org.kat4j.lab.network.Networks;
import org.kat4j.lab.tabular.Contestant;
import org.kat4j.lab.tabular.TableTrial;
import org.kat4j.tables.KnownTables;
import org.kat4j.tables.Preparation;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;
import org.kat4j.tables.model.Training;
import org.kat4j.task.Measure;

/**
 * Real tables, sheet 09 (c): four rates for each contestant, chosen on validation rows. Words
 * become ordinals, as in KANbeFair.
 */
final class RealTables {
  /** The one of KANbeFair's tables that is at hand, half of it. */
  static final String WINE = "wine-quality";

  /** Features of each table; the others are of its ten tables' kind and size. */
  private static final Map<String, Integer> FEATURES =
      Map.of(WINE, 11, "heart-918", 11, "pima-diabetes", 8, "breast-cancer-wdbc", 30);

  private static final Map<String, Integer> CLASSES =
      Map.of(WINE, 6, "heart-918", 2, "pima-diabetes", 2, "breast-cancer-wdbc", 2);

  static final List<String> NAMES =
      List.of(WINE, "heart-918", "pima-diabetes", "breast-cancer-wdbc");

  private static final int HIDDEN = 8;
  private static final List<Double> RATES = List.of(1e-3, 3e-3, 1e-2, 3e-2);

  private RealTables() {}

  static List<Study> studies(Budget budget, String kan, String gelu, String tanh) {
    Training training = Training.adam(1e-2, 128, budget.of(20, 200, 400)).withPatience(20, 0);
    return NAMES.stream()
        .map(name -> {
          int features = FEATURES.getOrDefault(name, 0);
          int classes = CLASSES.getOrDefault(name, 0);
          Arm first =
              Contestant.trained(
                  kan,
                  "[%d, %d, %d], G 3, k 3".formatted(features, HIDDEN, classes),
                  Networks.kan(
                      features,
                      HIDDEN,
                      classes,
                      new BSpline.Spec(3, 3, -3, 3, Activation.SILU, true, 0.02)),
                  training);
          return new Study(
              name,
              "%d classes from %d features; each seed is another split: 64 %% train, 16 %% validation, 20 %% test; Adam, batches of 128, up to %d epochs, the epoch of the best validation loss"
                  .formatted(classes, features, training.epochs()),
              Measure.ACCURACY,
              Study.Match.PARAMETERS,
              RATES,
              List.of(
                  first,
                  perceptron(gelu, Activation.GELU, first, training, features, classes),
                  perceptron(tanh, Activation.TANH, first, training, features, classes)),
              place -> experiment(place, name));
        })
        .toList();
  }

  private static Arm perceptron(
      String name, Activation activation, Arm like, Training training, int features, int classes) {
    int width =
        Width.nearest(
            like.parameters(),
            h -> Networks.parameters(Networks.perceptron(features, h, classes, activation)));
    return Contestant.trained(
        name,
        "[%d, %d, %d]".formatted(features, width, classes),
        Networks.perceptron(features, width, classes, activation),
        training);
  }

  private static Experiment experiment(Workplace place, String name) {
    KnownTables.Opened opened = KnownTables.open(name, place.dataRoot());
    Problem problem =
        Problem.of(
            opened.table(),
            opened.target(),
            Task.CLASSIFICATION, // grades of wine too, as in KANbeFair
            new Preparation(Preparation.Missing.MEAN, Preparation.Encoding.ORDINAL),
            _ -> {});
    return new Experiment(
        TableTrial.data(name, problem),
        trial ->
            TableTrial.run(
                trial, problem, TableTrial.byRow(problem, trial.seed()), "accuracy", 100));
  }
}
