package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.kat4j.explain.figure.Axis;
import org.kat4j.explain.figure.Chart;
import org.kat4j.explain.figure.Histogram;
import org.kat4j.explain.figure.LineChart;
import org.kat4j.explain.figure.Numbers;
import org.kat4j.explain.figure.Point;
import org.kat4j.explain.figure.Series;
import org.kat4j.explain.page.Card;
import org.kat4j.explain.page.Content;
import org.kat4j.explain.page.Illustration;
import org.kat4j.image.Png;

/** What a model answered: how often right, what it confuses, how sure it is. */
final class AnswerSections {
  private static final int MISTAKES = 12;

  private final ImageExamination examination;
  private final Answers answers;
  private final Confusion confusion;

  AnswerSections(ImageExamination examination) {
    this.examination = examination;
    answers = examination.answers();
    confusion = answers.confusion();
  }

  static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }

  List<Card> cards() {
    Proportion top1 = answers.top(1);
    return List.of(
        new Card("top-1", percent(top1.share()), interval(top1)),
        new Card("top-5", percent(answers.top(5).share())),
        new Card("mean of the classes", percent(confusion.balanced()), "balanced top-1"),
        new Card(
            "macro F1",
            Numbers.brief(confusion.macroF1()),
            "Matthews " + Numbers.brief(confusion.matthews())),
        new Card("loss", Numbers.brief(answers.loss()), "nats"),
        new Card(
            "calibration error",
            Numbers.brief(Calibration.of(answers).error(), 3),
            Calibration.BINS + " bins"));
  }

  private static String interval(Proportion p) {
    return String.format(Locale.ROOT, "95 %%: %.2f to %.2f", 100 * p.low(), 100 * p.high());
  }

  void confusion(Content content) {
    ConfusionSection.draw(content, confusion, examination.images().classNames(), "images");
  }

  void mistakes(Content content) {
    List<Answers.Answer> worst = answers.worst(MISTAKES);
    if (worst.isEmpty()) {
      content.note("There is none.");
      return;
    }
    long wrong = answers.all().size() - answers.top(1).right();
    content.text(
        "The most confident of "
            + Numbers.brief(wrong)
            + (wrong == 1 ? " wrong answer" : " wrong answers")
            + ": the true class, and what the model took it for.");
    List<String> names = examination.images().classNames();
    content.pictures(
        worst.stream()
            .map(a ->
                new Illustration(
                    Png.encode(examination.images().picture(a.image())),
                    names.get(a.label())
                        + " → "
                        + names.get(a.predicted())
                        + String.format(Locale.ROOT, ", %.1f %%", 100 * a.confidence())))
            .toList());
  }

  /** Reliability of one or several runs, and how sure each is. */
  static void calibration(Content content, List<ImageExamination> examinations) {
    var lines = new ArrayList<Series>();
    var sure = new ArrayList<Histogram.Distribution>();
    lines.add(Series.quiet("right as often as sure", List.of(new Point(0, 0), new Point(1, 1))));
    for (int i = 0; i < examinations.size(); i++) {
      ImageExamination one = examinations.get(i);
      Calibration calibration = Calibration.of(one.answers());
      List<Point> points =
          calibration.bins().stream()
              .map(b ->
                  Point.between(
                      b.confidence(), b.right().low(), b.right().share(), b.right().high()))
              .toList();
      String name = one.run().name() + ", error " + Numbers.brief(calibration.error(), 3);
      lines.add(Series.of(name, points).coloured(i));
      double[] confidence =
          one.answers().all().stream().mapToDouble(Answers.Answer::confidence).toArray();
      sure.add(Histogram.Distribution.of(one.run().name(), confidence, 0, 1, Calibration.BINS));
    }
    content.text(
        "Share of right answers among those of about the same confidence, with Wilson intervals of 95 %."
            + " The error is the expected calibration error of "
            + Calibration.BINS
            + " bins of equal width; with few images it comes out too large.");
    Axis zeroToOne = Axis.linear("share that is right").over(0, 1);
    Chart reliability =
        LineChart.of("Reliability", Axis.linear("confidence").over(0, 1), zeroToOne, lines);
    content.figures(
        reliability, Histogram.of("Confidence", Axis.linear("confidence").over(0, 1), sure));
  }
}
