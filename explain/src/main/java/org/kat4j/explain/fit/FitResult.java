package org.kat4j.explain.fit;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.kat4j.explain.search.Found;
import org.kat4j.explain.symbolic.Formula;
import org.kat4j.explain.symbolic.Leaves;

/**
 * A fitted function.
 *
 * @param data what it was fitted to
 * @param network a network fitted to it; none where a formula was found without
 * @param formulas formulas of which none that is as short is better, short ones first
 * @param formula the one that is meant, by the validation samples; none where none was asked for or
 *     none exists on all of the ranges
 * @param simple whether {@code formula} does as well as the network, or nearly
 * @param namedEdges the network's edges as named functions; empty where none were looked for
 */
public record FitResult(
    FitData data,
    Optional<NetworkFit> network,
    List<Found> formulas,
    Optional<Found> formula,
    boolean simple,
    List<EdgeCurve> namedEdges) {
  public FitResult {
    formulas = List.copyOf(formulas);
    namedEdges = List.copyOf(namedEdges);
  }

  /** How a formula does on the test samples. */
  public record Score(double error, double rSquared) {}

  /** On the test samples, which had no say in anything. */
  public Score score(Found found) {
    double error = Formula.error(found.formula().expression(), data.test());
    double deviation = Formula.deviation(data.test().targets());
    double left = deviation > 0 ? error / deviation : error > 0 ? 1 : 0;
    return new Score(error, 1 - left * left);
  }

  /** The inputs that a formula does without. */
  public List<String> idle(Found found) {
    Set<Integer> used = Leaves.columns(found.formula().expression());
    return IntStream.range(0, data.features().size())
        .filter(j -> !used.contains(j))
        .mapToObj(j -> data.features().get(j))
        .toList();
  }
}
