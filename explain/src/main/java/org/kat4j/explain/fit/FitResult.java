package org.kat4j.explain.fit;

import java.util.List;
import java.util.Optional;
import org.kat4j.explain.symbolic.Formula;
import org.kat4j.function.kan.PykanNetwork;

/**
 * A fitted function.
 *
 * @param data what it was fitted to
 * @param network the network with the least validation error; it sees inputs scaled to [-1, 1] and
 *     gives targets scaled to mean 0 and deviation 1
 * @param stages how it came about
 * @param best the stage of {@code network}
 * @param edges what its edges look like on the training samples, and how much they matter
 * @param formula the formula, where one was asked for
 * @param formulaEdges the edges as named functions; empty without a formula
 * @param formulaTestError root mean squared error of the formula on the test samples; NaN without
 */
public record FitResult(
    FitData data,
    PykanNetwork network,
    List<Stage> stages,
    Stage best,
    List<EdgeCurve> edges,
    Optional<Formula> formula,
    List<EdgeCurve> formulaEdges,
    double formulaTestError) {

  /**
   * What was reached at one point of a fit; errors are roots of mean squared errors on the targets'
   * own scale.
   *
   * @param name of the stage
   * @param parameters trainable numbers of edges that are there
   * @param seconds since the start
   */
  public record Stage(
      String name,
      int parameters,
      double trainError,
      double validationError,
      double testError,
      double seconds) {}
}
