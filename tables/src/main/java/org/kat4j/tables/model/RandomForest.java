package org.kat4j.tables.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.Output;
import org.tribuo.OutputFactory;
import org.tribuo.Trainer;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.dtree.impurity.GiniIndex;
import org.tribuo.classification.ensemble.VotingCombiner;
import org.tribuo.common.tree.RandomForestTrainer;
import org.tribuo.impl.ArrayExample;
import org.tribuo.provenance.SimpleDataSourceProvenance;
import org.tribuo.regression.RegressionFactory;
import org.tribuo.regression.Regressor;
import org.tribuo.regression.ensemble.AveragingCombiner;
import org.tribuo.regression.rtree.CARTRegressionTrainer;
import org.tribuo.regression.rtree.impurity.MeanSquaredError;

/**
 * A random forest by Tribuo: trees of any depth on resampled rows, at each split the root of the
 * features' number (classes) or a third of them (a number).
 */
public final class RandomForest implements Predictor {
  private static final int MAX_DEPTH = 64;

  /** Tribuo tells of every tree. Held here, since loggers that nobody holds are forgotten. */
  private static final Logger TRIBUO = Logger.getLogger("org.tribuo");

  static {
    TRIBUO.setLevel(Level.WARNING);
  }

  /** One prediction of Tribuo's as our row. */
  private interface Reading {
    double[] of(String[] names, double[] row);
  }

  private final String[] names;
  private final Reading reading;

  private RandomForest(String[] names, Reading reading) {
    this.names = names;
    this.reading = reading;
  }

  public static RandomForest fit(Problem train, int trees, long seed) {
    // Tribuo orders features by name: zeros in front keep our order.
    String[] names =
        IntStream.range(0, train.features().size())
            .mapToObj(i -> String.format(Locale.ROOT, "f%05d", i))
            .toArray(String[]::new);
    return train.task() == Task.CLASSIFICATION
        ? classifier(train, names, trees, seed)
        : regressor(train, names, trees, seed);
  }

  private static RandomForest classifier(Problem train, String[] names, int trees, long seed) {
    float share = (float) (Math.sqrt(names.length) / names.length);
    var tree = new CARTClassificationTrainer(MAX_DEPTH, 1, 0, share, false, new GiniIndex(), seed);
    int classes = train.outputs();
    Model<Label> forest =
        model(
            new RandomForestTrainer<>(tree, new VotingCombiner(), trees, seed),
            new LabelFactory(),
            train,
            names,
            y -> new Label(Integer.toString((int) y)));
    return new RandomForest(
        names,
        (features, row) -> {
          double[] p = new double[classes];
          forest
              .predict(new ArrayExample<>(new Label("0"), features, row))
              .getOutputScores()
              .forEach((name, score) -> p[Integer.parseInt(name)] = score.getScore());
          return p;
        });
  }

  private static RandomForest regressor(Problem train, String[] names, int trees, long seed) {
    float share = Math.max(1f / names.length, 1f / 3);
    var tree =
        new CARTRegressionTrainer(MAX_DEPTH, 1, 0, share, false, new MeanSquaredError(), seed);
    Model<Regressor> forest =
        model(
            new RandomForestTrainer<>(tree, new AveragingCombiner(), trees, seed),
            new RegressionFactory(),
            train,
            names,
            y -> new Regressor("y", y));
    return new RandomForest(
        names,
        (features, row) ->
            forest
                .predict(new ArrayExample<>(new Regressor("y", 0), features, row))
                .getOutput()
                .getValues());
  }

  private interface Answer<T extends Output<T>> {
    T of(double y);
  }

  private static <T extends Output<T>> Model<T> model(
      Trainer<T> trainer,
      OutputFactory<T> factory,
      Problem train,
      String[] names,
      Answer<T> answer) {
    var data = new MutableDataset<>(new SimpleDataSourceProvenance("table", factory), factory);
    for (int i = 0; i < train.rows(); i++) {
      data.add(new ArrayExample<>(answer.of(train.y()[i]), names, train.x()[i]));
    }
    return trainer.train(data);
  }

  @Override
  public double[][] predict(double[][] x) {
    return Arrays.stream(x).map(row -> reading.of(names, row)).toArray(double[][]::new);
  }
}
