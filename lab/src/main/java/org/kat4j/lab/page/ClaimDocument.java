package org.kat4j.lab.page;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.kat4j.error.UserException;
import org.kat4j.explain.figure.Chart;
import org.kat4j.explain.page.Table;
import org.kat4j.lab.Result;
import org.kat4j.lab.Result.StudyResult;
import org.kat4j.torch.AtomicFile;

/** A claim's document {@code NN.md} with its pictures, written from its result alone. */
public final class ClaimDocument {
  private ClaimDocument() {}

  /** Writes {@code NN.md} and {@code NN-*.svg} into a folder, which is made. */
  public static Path write(Result result, Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException failed) {
      throw new UserException(folder + " cannot be made: " + AtomicFile.reason(failed), failed);
    }
    String number = String.format(Locale.ROOT, "%02d", result.about().number());
    var text = new StringBuilder();
    var about = result.about();
    text.append("# %s: %s%n%n".formatted(number, about.title()));
    text.append("**%s** ".formatted(result.verdict().label().toUpperCase(Locale.ROOT)));
    text.append(
        "at the %s budget: %d seeds of every arm, %d trials, %d failed, %s; %s.%n%n"
            .formatted(
                result.budget().label(),
                result.seeds(),
                result.trials(),
                result.failures(),
                Wording.seconds(result.seconds()),
                result.machine()));
    text.append("*Claim.* ").append(about.hypothesis()).append("\n\n");
    text.append("*Supported needs:* ").append(about.supports()).append("\n\n");
    text.append("*Refuted by:* ").append(about.refutes()).append("\n\n");
    text.append("*Different from the paper:* ").append(about.departures()).append("\n\n");
    text.append("## Verdict\n\n");
    result.findings().stream()
        .filter(f -> f.comparison().primary())
        .forEach(f -> text.append("- ").append(Wording.sentence(f)).append('\n'));
    text.append('\n');
    pictures(text, Charts.advantages(result), folder, number + "-advantage");
    text.append(markdown(Tables.findings(result)));
    text.append(ClaimPage.method(result)).append("\n\n");
    Tables.published(result).forEach(table -> text.append(markdown(table)));
    int study = 0;
    for (StudyResult each : result.studies()) {
      study++;
      text.append("## ").append(each.name()).append("\n\n").append(each.what()).append(".\n\n");
      text.append(markdown(Tables.scores(each)));
      List<Chart> charts =
          Charts.hasCurves(each) ? List.of(Charts.curves(each)) : List.of(Charts.seeds(each));
      pictures(text, charts, folder, number + "-study-" + study);
      text.append(markdown(Tables.costs(each)));
      Tables.extras(each).forEach(table -> text.append(markdown(table)));
    }
    text.append(
        "Written by `kat4j lab report --markdown` from `result.json`; see [how](../lab.md).%n"
            .formatted());
    Path file = folder.resolve(number + ".md");
    AtomicFile.write(file, text.toString());
    return file;
  }

  private static void pictures(StringBuilder text, List<Chart> charts, Path folder, String name) {
    for (int i = 0; i < charts.size(); i++) {
      String file = name + (charts.size() > 1 ? "-" + (i + 1) : "") + ".svg";
      AtomicFile.write(folder.resolve(file), charts.get(i).file() + "\n");
      text.append("![%s](%s)%n%n".formatted(charts.get(i).title(), file));
    }
  }

  /** A table in Markdown. */
  static String markdown(Table table) {
    var text = new StringBuilder();
    row(text, table.head());
    row(text, table.head().stream().map(_ -> "---").toList());
    table.rows().forEach(cells -> row(text, cells));
    return text.append('\n').toString();
  }

  private static void row(StringBuilder text, List<String> cells) {
    text.append("| ");
    text.append(String.join(" | ", cells.stream().map(c -> c.replace("|", "\\|")).toList()));
    text.append(" |\n");
  }
}
