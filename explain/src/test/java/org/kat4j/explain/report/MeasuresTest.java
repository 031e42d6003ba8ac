package org.kat4j.explain.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Worked examples of the sheet on metrics, and of the roll-out by hand. */
class MeasuresTest {
  private static final double SIX_DIGITS = 5e-7;

  @Test
  void theSheetsConfusionMatrix() {
    var confusion = new Confusion(new long[][] {{5, 2, 0}, {1, 6, 1}, {0, 2, 3}});
    assertThat(confusion.f1(0)).isCloseTo(.769231, within(SIX_DIGITS));
    assertThat(confusion.f1(2)).isCloseTo(.666667, within(SIX_DIGITS));
    assertThat(confusion.macroF1()).isCloseTo(.700855, within(SIX_DIGITS));
    assertThat(confusion.balanced()).isCloseTo(.688095, within(SIX_DIGITS));
    assertThat(confusion.matthews()).isCloseTo(.541380, within(SIX_DIGITS));
  }

  @Test
  void constantPredictionAndAbsentClasses() {
    var constant = new Confusion(new long[][] {{4, 0, 0}, {6, 0, 0}, {0, 0, 0}});
    assertThat(constant.matthews()).isZero();
    assertThat(constant.balanced()).isEqualTo(.5);
    assertThat(constant.macroF1()).isCloseTo((8.0 / 14 + 0) / 2, within(1e-12));
  }

  @Test
  void theSheetsWilsonInterval() {
    var proportion = new Proportion(40_600, 50_000);
    assertThat(proportion.low()).isCloseTo(.808551, within(SIX_DIGITS));
    assertThat(proportion.high()).isCloseTo(.815401, within(SIX_DIGITS));
  }

  @Test
  void anAnswerFollowsFromItsLogits() {
    var answer = Answers.Answer.of(7, 2, new double[] {1, 3, 2, 2});
    double sum = Math.exp(-2) + 1 + 2 * Math.exp(-1);
    assertThat(answer.predicted()).isEqualTo(1);
    assertThat(answer.confidence()).isCloseTo(1 / sum, within(1e-15));
    assertThat(answer.loss()).isCloseTo(Math.log(sum) + 1, within(1e-15));
    assertThat(answer.better()).isEqualTo(1); // the tie behind it does not count
    assertThat(Answers.Answer.of(0, 3, new double[] {1, 3, 2, 2}).better()).isEqualTo(2);
  }

  @Test
  void binsAreClosedOnTheRight() {
    var edge = new Answers.Answer(0, 0, 0, 1.0 / 3, 0, 0); // the upper end of bin 5 of 15
    var above = new Answers.Answer(1, 0, 1, .34, 0, 1);
    Calibration two = Calibration.of(new Answers(2, List.of(edge, above)));
    assertThat(two.bins()).hasSize(2);
    assertThat(two.error()).isCloseTo((2.0 / 3 + .34) / 2, within(1e-12));
    var wrong = new Answers.Answer(1, 0, 1, .32, 0, 1);
    Calibration one = Calibration.of(new Answers(2, List.of(edge, wrong)));
    assertThat(one.bins()).hasSize(1);
    assertThat(one.error()).isCloseTo(.5 - (1.0 / 3 + .32) / 2, within(1e-12));
  }

  @Test
  void rollOutMultipliesAttentionAndResidual() {
    double[] first = {.5, .5, 0, 1}; // token 0 looks at both, token 1 at itself
    double[] second = {0, 1, 0, 1}; // both look at token 1
    // Row 0 of (second + I)/2 is (.5, .5); times (first + I)/2 = ((.75, .25), (0, 1)).
    assertThat(Rollout.roll(List.of(first, second), 1, true)).containsExactly(.375, .625);
    assertThat(Rollout.roll(List.of(first, second), 1, false)).containsExactly(0, 1);
  }
}
