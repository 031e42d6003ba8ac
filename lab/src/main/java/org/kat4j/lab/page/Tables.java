package org.kat4j.lab.page;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.kat4j.explain.page.Table;
import org.kat4j.lab.Result;
import org.kat4j.lab.Result.ArmResult;
import org.kat4j.lab.Result.Finding;
import org.kat4j.lab.Result.StudyResult;
import org.kat4j.lab.Study.Match;
import org.kat4j.task.Measure;

/** The tables of a result. */
final class Tables {
  private Tables() {}

  /** The questions and their answers. */
  static Table findings(Result result) {
    Table table =
        Table.of(
            "question",
            "advantage",
            "interval",
            "matters from",
            "p",
            "Holm",
            "signed rank",
            "equivalent",
            "d",
            "answer");
    for (Finding f : result.findings()) {
      Measure m = f.measure();
      table =
          table.row(
              f.comparison().question() + (f.comparison().primary() ? "" : " (for information)"),
              Wording.advantage(m, f.sample().mean()),
              Wording.interval(m, f.interval()),
              Wording.advantage(m, f.comparison().margin()),
              Wording.p(f.p()),
              f.comparison().primary() ? Wording.p(f.holm()) : "–",
              Wording.p(f.signedRank()),
              Wording.p(f.equivalence()),
              Wording.number(f.effectSize()),
              f.verdict().label() + (f.reservation().isEmpty() ? "" : ": " + f.reservation()));
    }
    return table;
  }

  /** Scores of a study. */
  static Table scores(StudyResult study) {
    String unit = study.measure().unit().isEmpty() ? "" : ", " + study.measure().unit();
    Table table =
        Table.of(
            "arm",
            "test " + study.measure().name() + unit,
            "sd",
            "validation",
            "each seed",
            "failed",
            "rate");
    for (ArmResult arm : study.arms()) {
      table =
          table.row(
              arm.name(),
              Wording.number(arm.test().mean()),
              Wording.number(arm.test().sd()),
              Wording.number(arm.validation().mean()),
              String.join("; ", arm.scores().stream().map(Wording::number).toList()),
              Integer.toString(arm.failures()),
              study.rates().size() > 1 ? String.format(Locale.ROOT, "%.0e", arm.rate()) : "–");
    }
    return table;
  }

  /** What the arms of a study are and cost. */
  static Table costs(StudyResult study) {
    Table table =
        Table.of(
            "arm",
            "what",
            "parameters",
            "FLOPs",
            study.match() == Match.NOTHING ? "against the first" : "off the first",
            "ms a step",
            "seconds",
            "peak memory",
            "tries");
    for (ArmResult arm : study.arms()) {
      table =
          table.row(
              arm.name(),
              arm.what(),
              Wording.size(arm.parameters()),
              Wording.size(arm.flops()),
              Wording.percent(arm.excess()),
              Wording.milliseconds(arm.secondsPerStep()),
              Wording.number(arm.seconds()),
              Wording.megabytes(arm.peakBytes()),
              Integer.toString(study.rates().size()));
    }
    return table;
  }

  /** Further numbers, of the arms that have any. */
  static List<Table> extras(StudyResult study) {
    Set<String> names = new TreeSet<>();
    study.arms().forEach(arm -> names.addAll(arm.extras().keySet()));
    if (names.isEmpty()) {
      return List.of();
    }
    List<String> head = new ArrayList<>(List.of("arm"));
    head.addAll(names);
    List<List<String>> rows = new ArrayList<>();
    for (ArmResult arm : study.arms()) {
      if (arm.extras().isEmpty()) {
        continue;
      }
      List<String> row = new ArrayList<>(List.of(arm.name()));
      for (String name : names) {
        row.add(Wording.number(Objects.requireNonNullElse(arm.extras().get(name), Double.NaN)));
      }
      rows.add(row);
    }
    return List.of(new Table(head, rows));
  }

  /** Published figures beside ours. */
  static List<Table> published(Result result) {
    if (result.published().isEmpty()) {
      return List.of();
    }
    Table table = Table.of("study", "arm", "ours", "published", "source");
    for (var figure : result.published()) {
      double ours =
          result.studies().stream()
              .filter(s -> s.name().equals(figure.study()))
              .flatMap(s -> s.arms().stream())
              .filter(a -> a.name().equals(figure.arm()))
              .mapToDouble(a -> a.test().mean())
              .findFirst()
              .orElse(Double.NaN);
      table =
          table.row(
              figure.study(),
              figure.arm(),
              Wording.number(ours),
              Wording.number(figure.value()),
              figure.source());
    }
    return List.of(table);
  }
}
