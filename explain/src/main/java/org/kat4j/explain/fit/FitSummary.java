package org.kat4j.explain.fit;

import java.util.List;
import java.util.Optional;
import org.kat4j.explain.search.Found;
import org.kat4j.explain.symbolic.Notation;

/**
 * A fit in numbers, as {@code fit.json} holds it.
 *
 * @param legend the columns behind names that stand in for theirs in formulas
 * @param formula the formula that is meant, with all digits; empty where there is none
 * @param simple whether it does as well as the network, or nearly
 * @param formulaTestError root mean squared error of {@code formula} on the test samples
 * @param formulas formulas of which none that is as short is better
 * @param network the network, where one was trained
 */
public record FitSummary(
    String target,
    List<String> features,
    List<Symbol> legend,
    String formula,
    boolean simple,
    Optional<Double> formulaTestError,
    Optional<Double> formulaRSquared,
    List<Line> formulas,
    Optional<Network> network) {
  /** A stand-in for the name of a column. */
  public record Symbol(String symbol, String column) {}

  /**
   * A formula with its errors on samples to train on, to choose by and to test.
   *
   * @param origin search or network
   */
  public record Line(
      int complexity,
      double trainError,
      double validationError,
      double testError,
      double rSquared,
      String formula,
      String latex,
      String origin) {}

  /** A network with its size and how it came about. */
  public record Network(
      List<Integer> widths, int gridSize, double testError, List<NetworkFit.Stage> stages) {}

  /** The numbers of a fit. */
  public static FitSummary of(FitResult result) {
    Optional<FitResult.Score> score = result.formula().map(result::score);
    return new FitSummary(
        result.data().target(),
        result.data().features(),
        legend(result),
        result.formula().map(found -> found.formula().text()).orElse(""),
        result.simple(),
        score.map(FitResult.Score::error),
        score.map(FitResult.Score::rSquared),
        result.formulas().stream().map(found -> line(result, found)).toList(),
        result
            .network()
            .map(fit ->
                new Network(fit.widths(), fit.gridSize(), fit.best().testError(), fit.stages())));
  }

  /** The columns behind stand-ins. */
  public static List<Symbol> legend(FitResult result) {
    return result.data().symbols().legend().entrySet().stream()
        .map(entry -> new Symbol(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static Line line(FitResult result, Found found) {
    FitResult.Score score = result.score(found);
    return new Line(
        found.complexity(),
        found.trainError(),
        found.validationError(),
        score.error(),
        score.rSquared(),
        found.formula().text(),
        Notation.LATEX.of(found.formula().expression()),
        found.origin());
  }
}
