package org.kat4j.lab;

import java.util.List;

/**
 * One arm against another: what is asked, and when the answer is yes or no.
 *
 * @param question what is asked, as a statement that may hold or not
 * @param studies the studies that it is asked in; of several, the advantages are averaged
 * @param arm the arm that is said to win
 * @param rivals the arm that it is said to win against; of several, the one with the best
 *     validation score in each study
 * @param expectation what the advantage should be
 * @param margin the smallest advantage that matters, in the measure's unit; for ratios the natural
 *     logarithm of a factor
 * @param primary whether the verdict rests on it; otherwise it is for information
 */
public record Comparison(
    String question,
    List<String> studies,
    String arm,
    List<String> rivals,
    Expectation expectation,
    double margin,
    boolean primary) {

  /** What a claim says of the advantage d, whose interval is [low, high]. */
  public enum Expectation {
    /** d > 0. Yes if low > 0 and not no; no if high < margin: no advantage that matters. */
    BETTER,
    /** d > -margin. Yes if low > -margin; no if high < -margin. */
    NOT_WORSE
  }

  public Comparison {
    studies = List.copyOf(studies);
    rivals = List.copyOf(rivals);
  }

  /** A primary question: the arm wins by more than nothing; less than the margin is no win. */
  public static Comparison better(
      String question, List<String> studies, String arm, String rival, double margin) {
    return new Comparison(question, studies, arm, List.of(rival), Expectation.BETTER, margin, true);
  }

  /** A primary question: the arm does not lose by the margin. */
  public static Comparison notWorse(
      String question, List<String> studies, String arm, String rival, double margin) {
    return new Comparison(
        question, studies, arm, List.of(rival), Expectation.NOT_WORSE, margin, true);
  }

  /** The same question against whichever of several rivals has the best validation score. */
  public Comparison againstBestOf(List<String> others) {
    return new Comparison(question, studies, arm, others, expectation, margin, primary);
  }

  /** The same question, which the verdict does not rest on. */
  public Comparison forInformation() {
    return new Comparison(question, studies, arm, rivals, expectation, margin, false);
  }

  /** The advantage that a test of this question is against. */
  double hypothesis() {
    return expectation == Expectation.BETTER ? 0 : -margin;
  }

  Verdict verdict(double low, double high) {
    return switch (expectation) {
      case BETTER -> {
        if (high < margin || (margin == 0 && high <= 0)) {
          yield Verdict.REFUTED;
        }
        yield low > 0 ? Verdict.SUPPORTED : Verdict.UNDECIDED;
      }
      case NOT_WORSE -> {
        if (high < -margin) {
          yield Verdict.REFUTED;
        }
        yield low > -margin ? Verdict.SUPPORTED : Verdict.UNDECIDED;
      }
    };
  }
}
