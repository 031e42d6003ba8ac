package org.kat4j.lab.tabular;

import org.jspecify.annotations.Nullable;
import org.kat4j.lab.Arm;
import org.kat4j.model.Registered;
import org.kat4j.model.RowModel;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;
import org.kat4j.tables.model.ElasticNet;
import org.kat4j.tables.model.Fitted;
import org.kat4j.tables.model.KernelRidge;
import org.kat4j.tables.model.LinearClassifier;
import org.kat4j.tables.model.Predictor;
import org.kat4j.tables.model.RandomForest;
import org.kat4j.tables.model.Training;

/** A model for tables as an arm of a study. */
public sealed interface Contestant {
  /**
   * Fits it to scaled rows; a network is freed when the model is closed.
   *
   * @param rate learning rate; classical models have none
   */
  Model fit(Problem train, Problem validation, double rate, long seed);

  /** What predicts, and what has to be freed afterwards. */
  record Model(Predictor predictor, @Nullable Fitted fitted) implements AutoCloseable {
    @Override
    public void close() {
      if (fitted != null) {
        fitted.close();
      }
    }
  }

  /** A network trained by gradients; the epoch is chosen on validation rows. */
  record Trained(RowModel.Spec network, Training training) implements Contestant {
    @Override
    public Model fit(Problem train, Problem validation, double rate, long seed) {
      Fitted fitted = training.withRate(rate).withSeed(seed).fit(network, train, validation);
      return new Model(fitted, fitted);
    }
  }

  /**
   * A model that has no gradient steps.
   *
   * @param kind which
   * @param strength of its penalty; trees of a forest
   */
  record Classical(Kind kind, double strength) implements Contestant {
    /** Which classical model. */
    public enum Kind {
      /** Logistic regression, or ridge regression of a number. */
      LINEAR,
      RANDOM_FOREST,
      /** exp(-|a - b|^2 / (2 features)) for numbers. */
      KERNEL_RIDGE
    }

    @Override
    public Model fit(Problem train, Problem validation, double rate, long seed) {
      Predictor predictor =
          switch (kind) {
            case LINEAR ->
                train.task() == Task.CLASSIFICATION
                    ? LinearClassifier.fit(LinearClassifier.Kind.LOGISTIC, strength, train, seed)
                    : ElasticNet.fit(train, 0, strength);
            case RANDOM_FOREST -> RandomForest.fit(train, (int) strength, seed);
            case KERNEL_RIDGE -> KernelRidge.fit(train, 0.5 / train.features().size(), strength);
          };
      return new Model(predictor, null);
    }
  }

  /** The arm of a network, its parameters counted. */
  static Arm trained(String name, String what, RowModel.Spec network, Training training) {
    long parameters = Registered.parameterCount(network);
    return new Arm(name, what, new Trained(network, training), parameters, Double.NaN);
  }

  static Arm classical(String name, String what, Classical.Kind kind, double strength) {
    return new Arm(name, what, new Classical(kind, strength), 0, Double.NaN);
  }

  static Contestant of(Arm arm) {
    if (arm.spec() instanceof Contestant contestant) {
      return contestant;
    }
    throw new IllegalArgumentException(arm.name() + " is not a model for tables");
  }
}
