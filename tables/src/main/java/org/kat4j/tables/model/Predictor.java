package org.kat4j.tables.model;

/** Whatever predicts from rows of numbers. */
@FunctionalInterface
public interface Predictor {
  /**
   * {@code [rows][features]} to {@code [rows][outputs]}: probabilities of the classes, or the
   * number in one column.
   */
  double[][] predict(double[][] x);
}
