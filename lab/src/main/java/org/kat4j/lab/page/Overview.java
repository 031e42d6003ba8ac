package org.kat4j.lab.page;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.kat4j.explain.page.Card;
import org.kat4j.explain.page.Content;
import org.kat4j.explain.page.Page;
import org.kat4j.explain.page.Table;
import org.kat4j.lab.Result;
import org.kat4j.lab.Verdict;

/** One page over all claims. */
public final class Overview {
  private Overview() {}

  /**
   * @param results of the claims that were run, best budget of each
   * @param claims how many there are
   */
  public static void write(List<Result> results, int claims, Path file) {
    Content content =
        new Content()
            .lead(
                "Published claims as small experiments: all arms of one size, with equally many tries, and an answer that may go either way.")
            .cards(
                card(results, Verdict.SUPPORTED),
                card(results, Verdict.REFUTED),
                card(results, Verdict.UNDECIDED),
                new Card("not run", Integer.toString(claims - results.size()), "of " + claims))
            .section("Claims")
            .table(table(results));
    for (Result result : results) {
      content.section(title(result)).text(result.about().hypothesis());
      result.findings().stream()
          .filter(f -> f.comparison().primary())
          .map(Wording::sentence)
          .forEach(content::text);
      content.figures(Charts.advantages(result));
    }
    new Page("The lab: published claims, tried", content).write(file);
  }

  /** The claims in a table. */
  public static Table table(List<Result> results) {
    Table table = Table.of("no.", "claim", "verdict", "budget", "seeds", "failed", "time");
    for (Result r : results) {
      table =
          table.row(
              String.format(Locale.ROOT, "%02d", r.about().number()),
              r.about().hypothesis(),
              r.verdict().label(),
              r.budget().label(),
              Integer.toString(r.seeds()),
              r.failures() + " of " + r.trials(),
              Wording.seconds(r.seconds()));
    }
    return table;
  }

  private static String title(Result result) {
    return String.format(
        Locale.ROOT, "%02d: %s", result.about().number(), result.verdict().label());
  }

  private static Card card(List<Result> results, Verdict verdict) {
    long count = results.stream().filter(r -> r.verdict() == verdict).count();
    return new Card(verdict.label(), Long.toString(count));
  }
}
