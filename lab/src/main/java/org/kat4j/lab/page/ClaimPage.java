package org.kat4j.lab.page;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.kat4j.explain.page.Card;
import org.kat4j.explain.page.Content;
import org.kat4j.explain.page.Page;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Result;
import org.kat4j.lab.Result.Finding;
import org.kat4j.lab.Result.StudyResult;

/** The page of a claim: {@code index.html} beside its {@code result.json}. */
public final class ClaimPage {
  private ClaimPage() {}

  public static void write(Result result, Path file) {
    page(result).write(file);
  }

  private static Page page(Result result) {
    Claim.About about = result.about();
    Content content =
        new Content()
            .lead(about.hypothesis())
            .cards(
                new Card("verdict", result.verdict().label(), result.budget().label() + " budget"),
                new Card("seeds", Integer.toString(result.seeds()), "of every arm"),
                new Card(
                    "trials", Integer.toString(result.trials()), result.failures() + " failed"),
                new Card("time", Wording.seconds(result.seconds()), result.machine()))
            .section("Verdict");
    result.findings().stream()
        .filter(f -> f.comparison().primary())
        .map(Wording::sentence)
        .forEach(content::text);
    content
        .figures(Charts.advantages(result))
        .table(Tables.findings(result))
        .note("Supported needs: " + about.supports())
        .note("Refuted by: " + about.refutes())
        .note("Different from the paper: " + about.departures())
        .note(method(result));
    Tables.published(result).forEach(content::table);
    for (StudyResult study : result.studies()) {
      content
          .section(study.name())
          .text(study.what() + ".")
          .table(Tables.scores(study))
          .figures(
              Charts.hasCurves(study)
                  ? List.of(Charts.seeds(study), Charts.curves(study))
                  : List.of(Charts.seeds(study)))
          .table(Tables.costs(study));
      Tables.extras(study).forEach(content::table);
    }
    return new Page(String.format(Locale.ROOT, "%02d  %s", about.number(), about.title()), content);
  }

  /** A finding in a sentence, with its numbers. */
  public static String sentence(Finding finding) {
    return Wording.sentence(finding);
  }

  /** How to read the intervals, in a sentence. */
  static String method(Result result) {
    double confidence =
        result.findings().stream()
            .filter(f -> f.comparison().primary())
            .mapToDouble(Finding::confidence)
            .findFirst()
            .orElse(0.95);
    return "Advantages are paired by seed; intervals are Student's at %.2f %% each, so that all primary ones together hold with 95 %%. An interval wholly above 0 (or factor 1) supports; one wholly below the smallest advantage that matters refutes. d is mean by standard deviation; equivalent: p of two one-sided tests."
        .formatted(100 * confidence);
  }
}
