package org.kat4j.lab.tabular;

import java.util.Arrays;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Trial;
import org.kat4j.tables.Parts;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Scaling;
import org.kat4j.tables.model.Scores;

/** One training of a {@link Contestant} on a table that is split anew for every seed. */
public final class TableTrial {
  private static final double[] SHARES = {0.64, 0.16, 0.2};

  private TableTrial() {}

  /** A split by row: 64 % train, 16 % validation, 20 % test. */
  public static Parts byRow(Problem problem, long seed) {
    return Parts.shares(problem, seed, SHARES);
  }

  /** The same shares of groups, whose rows stay together. */
  public static Parts byGroup(int[] groups, long seed) {
    return Parts.groups(groups, seed, SHARES);
  }

  /** What a trial on these problems is determined by: names and values of all that they hold. */
  public static String data(String name, Problem... problems) {
    String all = Arrays.stream(problems).map(Problem::checksum).collect(Collectors.joining(" "));
    return "%s, %d rows, sha256 %s".formatted(name, problems[0].rows(), all);
  }

  /**
   * Fits to standardised training rows; all scores of the test rows are kept beside the one that is
   * compared.
   *
   * @param score that is compared, a name in {@link Scores}
   * @param factor of that score: 100 for percent
   */
  public static Measured run(
      Trial trial, Problem problem, Parts parts, String score, double factor) {
    Problem train = problem.rows(parts.of(0));
    Scaling scaling = Scaling.fit(Scaling.Kind.STANDARD, train.x());
    Problem validation = scaling.apply(problem.rows(parts.of(1)));
    try (Contestant.Model model =
        Contestant.of(trial.arm())
            .fit(scaling.apply(train), validation, trial.rate(), trial.seed())) {
      double seen = factor * of(score, scores(validation, model));
      if (!trial.last()) {
        return Measured.of(seen, Double.NaN);
      }
      SequencedMap<String, Double> found = scores(scaling.apply(problem.rows(parts.of(2))), model);
      return Measured.of(seen, factor * of(score, found)).withExtras(found);
    }
  }

  private static SequencedMap<String, Double> scores(Problem problem, Contestant.Model model) {
    return Scores.of(problem, model.predictor().predict(problem.x()));
  }

  private static double of(String score, SequencedMap<String, Double> scores) {
    return scores.getOrDefault(score, Double.NaN);
  }
}
