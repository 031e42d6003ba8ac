package org.kat4j.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.kat4j.lab.statistics.Interval;
import org.kat4j.lab.statistics.Sample;
import org.kat4j.task.Measure;

/**
 * Everything that pages, documents and verdicts are made of: {@code result.json}.
 *
 * @param about the claim
 * @param budget what was spent
 * @param seeds trainings of each arm
 * @param verdict of all primary questions together
 * @param findings the questions and their answers
 * @param studies the numbers behind them
 * @param published figures of others that ours can be seen beside
 * @param trials trials in all, those that tuned included
 * @param failures trials that came to nothing
 * @param seconds of all trials, one after the other
 * @param machine that wrote this
 */
public record Result(
    Claim.About about,
    Budget budget,
    int seeds,
    Verdict verdict,
    List<Finding> findings,
    List<StudyResult> studies,
    List<Claim.Published> published,
    int trials,
    int failures,
    double seconds,
    String machine) {
  private static final String FILE = "result.json";

  /**
   * The answer to one question. Advantages are in the measure's unit, positive where the arm is
   * better; for ratios they are natural logarithms.
   *
   * @param comparison the question
   * @param measure of its studies
   * @param rivals the rival in each study
   * @param advantages of each seed, averaged over the studies
   * @param sample of them
   * @param interval of the mean advantage, at {@code confidence}; the verdict is read off it
   * @param confidence 95 %, divided among the primary questions (Bonferroni)
   * @param bootstrap BCa interval at the same confidence
   * @param p two-sided, of the paired t test against the question's hypothesis
   * @param holm the same adjusted for all primary questions
   * @param signedRank p of Wilcoxon's test of a zero advantage
   * @param equivalence p of two one-sided tests: small means that the two do not differ by the
   *     margin; NaN without a margin
   * @param effectSize mean by standard deviation
   * @param verdict the answer
   * @param reservation why the answer is undecided whatever the interval says; empty if nothing
   */
  public record Finding(
      Comparison comparison,
      Measure measure,
      List<String> rivals,
      List<Double> advantages,
      Sample sample,
      Interval interval,
      double confidence,
      Interval bootstrap,
      double p,
      double holm,
      double signedRank,
      double equivalence,
      double effectSize,
      Verdict verdict,
      String reservation) {}

  /**
   * @param rates that every arm could try
   * @param match what was held equal
   */
  public record StudyResult(
      String name,
      String what,
      Measure measure,
      Study.Match match,
      List<Double> rates,
      List<ArmResult> arms) {}

  /**
   * @param name of the arm
   * @param what it is
   * @param parameters trained numbers
   * @param flops of one forward of one input
   * @param excess how far its size is from the first arm's, as a share
   * @param rate chosen
   * @param tuning validation scores of the rates
   * @param scores test scores, one for each seed; NaN where it failed
   * @param test of those that did not fail
   * @param validation scores of the same trainings
   * @param secondsPerStep median over the seeds
   * @param seconds mean of a whole trial
   * @param peakBytes the largest of all seeds
   * @param failures final trials that failed
   * @param curves of each seed
   * @param extras means over the seeds
   */
  public record ArmResult(
      String name,
      String what,
      long parameters,
      double flops,
      double excess,
      double rate,
      List<Double> tuning,
      List<Double> scores,
      Sample test,
      Sample validation,
      double secondsPerStep,
      double seconds,
      long peakBytes,
      int failures,
      List<List<Measured.Point>> curves,
      Map<String, Double> extras) {}

  void write(Path folder) {
    Json.write(folder.resolve(FILE), this);
  }

  /** The result of a folder, if the claim was run there to its end. */
  public static Optional<Result> read(Path folder) {
    Path file = folder.resolve(FILE);
    return Files.exists(file) ? Optional.of(Json.read(file, Result.class)) : Optional.empty();
  }
}
