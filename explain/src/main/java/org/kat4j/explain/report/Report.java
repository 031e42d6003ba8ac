package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.explain.figure.Numbers;
import org.kat4j.explain.page.Card;
import org.kat4j.explain.page.Content;
import org.kat4j.explain.page.Page;
import org.kat4j.explain.page.Table;
import org.kat4j.model.Registered;
import org.kat4j.task.Task;
import org.kat4j.task.image.ImageClassification;
import org.kat4j.torch.StateDict;
import org.kat4j.train.MetricsLog;
import org.kat4j.train.TrainConfig;

/**
 * The page about a run, or about several beside each other.
 *
 * <p>What cannot be had (no checkpoint yet, data not here) is left out with one line that says why;
 * the curves are there in any case.
 */
public final class Report {
  /** Opens the data of a run's configuration. */
  @FunctionalInterface
  public interface Source {
    /**
     * Opens them.
     *
     * @throws UserException when they are not there
     */
    Task<?> open(TrainConfig config);
  }

  private final List<Run> runs;
  private final List<Examination> examinations = new ArrayList<>();
  private final Content content = new Content();

  private Report(List<Run> runs) {
    this.runs = runs;
  }

  /** The page about these runs, at least one. */
  public static Page of(List<Run> runs, Source source) {
    Report report = new Report(named(runs));
    try {
      return report.page(source);
    } finally {
      report.examinations.forEach(Examination::close);
    }
  }

  private Page page(Source source) {
    boolean single = runs.size() == 1;
    var absent = new ArrayList<String>();
    for (Run run : runs) {
      try {
        examinations.add(Examination.of(run, source));
      } catch (UserException missing) {
        absent.add(single ? missing.getMessage() : run.name() + ": " + missing.getMessage());
      }
    }
    if (single) {
      one(absent);
    } else {
      several(absent);
    }
    String title = String.join(", ", runs.stream().map(Run::name).toList());
    return new Page(title, content);
  }

  /** Runs of the same name are called by their paths. */
  private static List<Run> named(List<Run> runs) {
    var seen = new HashSet<String>();
    boolean distinct = runs.stream().map(Run::name).allMatch(seen::add);
    return distinct
        ? runs
        : runs.stream().map(run -> run.called(run.folder().path().toString())).toList();
  }

  private void one(List<String> absent) {
    Run run = runs.getFirst();
    content.lead(lead(run));
    examinations.forEach(e -> content.cards(cards(e)));
    measuredOn();
    absent.forEach(why -> content.note("Not measured: " + why));
    curves();
    for (Examination e : examinations) {
      e.sections(content, Content::section);
    }
    content.section("Configuration");
    environment(run);
    content.text("Where this run differs from the quickstart's configuration:");
    content.table(
        Differences.of(
            List.of("quickstart", "this run"), List.of(TrainConfig.example(), run.config())));
    content.details("All of it", inner -> inner.code(Config.toYaml(run.config())));
  }

  private void several(List<String> absent) {
    content.lead(runs.size() + " runs beside each other.");
    content.section("Results");
    content.table(results());
    measuredOn();
    absent.forEach(why -> content.note("Not measured: " + why));
    curves();
    content.section("Configuration");
    Table differences =
        Differences.of(
            runs.stream().map(Run::name).toList(), runs.stream().map(Run::config).toList());
    if (differences.rows().isEmpty()) {
      content.note("All keys are the same in all runs.");
    } else {
      content.text("Keys that differ:");
      content.table(differences);
    }
    for (Examination e : examinations) {
      content.section(e.run().name());
      content.lead(lead(e.run()));
      e.sections(content, Content::heading);
    }
  }

  private void curves() {
    content.section("Learning curves");
    if (runs.stream().allMatch(run -> run.epochs().isEmpty())) {
      content.note("No epoch is finished yet.");
    } else {
      content.figures(Curves.learning(runs));
      if (runs.stream().anyMatch(run -> run.config().task() instanceof ImageClassification.Spec)) {
        content.note(
            "With label smoothing or mixing, the training loss cannot reach zero and is not comparable with the validation loss.");
      }
      content.section("Schedule and throughput");
      var charts = new ArrayList<>(Curves.schedule(runs));
      charts.addAll(Curves.throughput(runs));
      content.figures(charts);
    }
    List<ImageExamination> images =
        examinations.stream()
            .filter(ImageExamination.class::isInstance)
            .map(ImageExamination.class::cast)
            .toList();
    if (!images.isEmpty()) {
      content.section("Calibration");
      AnswerSections.calibration(content, images);
    }
  }

  /** Which data were used: once for all runs, or for each where they differ. */
  private void measuredOn() {
    List<String> all = examinations.stream().map(Examination::measuredOn).distinct().toList();
    if (all.size() == 1) {
      content.note(all.getFirst());
    } else {
      examinations.forEach(e -> content.note(e.run().name() + ": " + e.measuredOn()));
    }
  }

  private static String lead(Run run) {
    String when = run.environment().getOrDefault("started", "");
    return Registered.describe(run.config().model())
        + " on "
        + run.config().task().name()
        + (when.isEmpty() ? "" : ", begun " + when.replace('T', ' ').replace("Z", " UTC"));
  }

  private static List<Card> cards(Examination e) {
    var cards = new ArrayList<>(e.cards());
    cards.add(new Card("parameters", Numbers.brief(StateDict.parameterCount(e.model()))));
    if (!e.run().epochs().isEmpty()) {
      MetricsLog.Line last = e.run().epochs().getLast();
      cards.add(
          new Card(
              "training samples/s",
              Numbers.brief(last.samplesPerSecond(), 3),
              duration(last.seconds()) + " in all"));
    }
    return cards;
  }

  /** The columns of all kinds of tasks among the runs; a run has a dash in those of others. */
  private Table results() {
    var measures = new LinkedHashSet<String>();
    examinations.forEach(e -> measures.addAll(e.results().keySet()));
    var head = new ArrayList<>(List.of("run"));
    head.addAll(measures);
    head.addAll(List.of("parameters", "epochs", "samples/s", "time"));
    return new Table(head, runs.stream().map(run -> row(run, measures)).toList());
  }

  private List<String> row(Run run, Set<String> measures) {
    var measured = examinations.stream().filter(e -> e.run().equals(run)).findFirst();
    Map<String, String> results =
        measured.<Map<String, String>>map(Examination::results).orElse(Map.of());
    var last = run.epochs().isEmpty() ? null : run.epochs().getLast();
    var cells = new ArrayList<>(List.of(run.name()));
    measures.forEach(measure -> cells.add(results.getOrDefault(measure, "–")));
    cells.add(measured.map(e -> Numbers.brief(StateDict.parameterCount(e.model()))).orElse("–"));
    cells.add(Integer.toString(run.epochs().size()));
    cells.add(last == null ? "–" : Numbers.brief(last.samplesPerSecond()));
    cells.add(last == null ? "–" : duration(last.seconds()));
    return cells;
  }

  private static String duration(double seconds) {
    long s = Math.round(seconds);
    return s < 60
        ? s + " s"
        : s < 3600 ? s / 60 + " min " + s % 60 + " s" : s / 3600 + " h " + s / 60 % 60 + " min";
  }

  private void environment(Run run) {
    if (!run.environment().isEmpty()) {
      var rows =
          run.environment().entrySet().stream()
              .map(e -> List.of(e.getKey(), e.getValue()))
              .toList();
      content.table(new Table(List.of("machine and versions", ""), rows));
    }
  }
}
