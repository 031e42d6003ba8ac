package org.kat4j.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.kat4j.lab.Result.ArmResult;
import org.kat4j.lab.Result.Finding;
import org.kat4j.lab.Result.StudyResult;
import org.kat4j.lab.statistics.Bootstrap;
import org.kat4j.lab.statistics.Interval;
import org.kat4j.lab.statistics.ManyTests;
import org.kat4j.lab.statistics.PairedT;
import org.kat4j.lab.statistics.Sample;
import org.kat4j.lab.statistics.SignedRank;
import org.kat4j.task.Measure;

/** From finished trials to a verdict; the same rules for every claim. */
final class Judgement {
  private static final double LEVEL = 0.05; // of all primary questions together
  private static final int RESAMPLES = 10_000;

  private final Plan plan;
  private final int primaries;

  private Judgement(Plan plan, int primaries) {
    this.plan = plan;
    this.primaries = primaries;
  }

  static Result of(Claim claim, Plan plan, String machine) {
    List<Comparison> comparisons = claim.comparisons(plan.budget());
    int primaries = (int) comparisons.stream().filter(Comparison::primary).count();
    Judgement judgement = new Judgement(plan, Math.max(1, primaries));
    List<Finding> findings = withHolm(comparisons.stream().map(judgement::finding).toList());
    List<StudyResult> studies = plan.studies().stream().map(judgement::study).toList();
    List<Verdict> answers =
        findings.stream().filter(f -> f.comparison().primary()).map(Finding::verdict).toList();
    List<Outcome> all = judgement.outcomes();
    return new Result(
        claim.about(),
        plan.budget(),
        plan.seeds(),
        Verdict.of(answers),
        findings,
        studies,
        claim.published(),
        plan.size(),
        (int) all.stream().filter(Outcome::failed).count(),
        all.stream().mapToDouble(Outcome::seconds).sum(),
        machine);
  }

  private List<Outcome> outcomes() {
    List<Outcome> all = new ArrayList<>();
    for (Study study : plan.studies()) {
      for (Arm arm : study.arms()) {
        all.addAll(plan.tuned(study, arm));
        all.addAll(plan.finals(study, arm));
      }
    }
    return all;
  }

  private Finding finding(Comparison comparison) {
    List<Study> studies = comparison.studies().stream().map(this::study).toList();
    List<Arm> rivals = studies.stream().map(s -> rival(s, comparison)).toList();
    double[] advantages = advantages(comparison, studies, rivals);
    String reservation = reservation(comparison, studies, rivals, advantages.length);
    double confidence = 1 - LEVEL / (comparison.primary() ? primaries : 1);
    List<String> names = rivals.stream().map(Arm::name).toList();
    Measure measure = studies.getFirst().measure();
    List<Double> list = Arrays.stream(advantages).boxed().toList();
    if (advantages.length < 2) {
      Interval unknown = new Interval(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
      return new Finding(
          comparison,
          measure,
          names,
          list,
          Sample.of(advantages),
          unknown,
          confidence,
          unknown,
          1,
          1,
          1,
          1,
          0,
          Verdict.UNDECIDED,
          reservation);
    }
    PairedT test = PairedT.of(advantages, comparison.hypothesis());
    Interval interval = test.interval(confidence);
    return new Finding(
        comparison,
        measure,
        names,
        list,
        test.sample(),
        interval,
        confidence,
        Bootstrap.of(advantages, x -> Sample.of(x).mean(), RESAMPLES, 1).bca(confidence),
        test.p(),
        test.p(),
        SignedRank.p(advantages),
        comparison.margin() > 0 ? PairedT.equivalence(advantages, comparison.margin()) : Double.NaN,
        PairedT.of(advantages, 0).effectSize(),
        reservation.isEmpty()
            ? comparison.verdict(interval.low(), interval.high())
            : Verdict.UNDECIDED,
        reservation);
  }

  private Study study(String name) {
    return plan.studies().stream()
        .filter(s -> s.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no study is called " + name));
  }

  /** The rival with the best mean validation score. */
  private Arm rival(Study study, Comparison comparison) {
    Arm best = study.arm(comparison.rivals().getFirst());
    for (String name : comparison.rivals()) {
      Arm other = study.arm(name);
      if (study.measure().isBetter(validation(study, other), validation(study, best))) {
        best = other;
      }
    }
    return best;
  }

  private double validation(Study study, Arm arm) {
    return Sample.of(
            plan.finals(study, arm).stream()
                .filter(o -> !o.failed())
                .mapToDouble(o -> o.measured().validation())
                .toArray())
        .mean();
  }

  /** One number for each seed with which nothing failed: seeds are what is repeated. */
  private double[] advantages(Comparison comparison, List<Study> studies, List<Arm> rivals) {
    Map<Long, List<Double>> bySeed = new TreeMap<>();
    for (int s = 0; s < studies.size(); s++) {
      Study study = studies.get(s);
      Map<Long, Double> own = scores(study, study.arm(comparison.arm()));
      Map<Long, Double> other = scores(study, rivals.get(s));
      own.forEach((seed, score) -> {
        Double rival = other.get(seed);
        if (rival != null) {
          bySeed
              .computeIfAbsent(seed, _ -> new ArrayList<>())
              .add(study.measure().advantage(score, rival));
        }
      });
    }
    return bySeed.values().stream()
        .filter(all -> all.size() == studies.size())
        .mapToDouble(all -> all.stream().mapToDouble(d -> d).average().orElseThrow())
        .toArray();
  }

  private Map<Long, Double> scores(Study study, Arm arm) {
    return plan.finals(study, arm).stream()
        .filter(o -> !o.failed())
        .collect(
            Collectors.toMap(
                Outcome::seed, o -> o.measured().test(), (a, _) -> a, LinkedHashMap::new));
  }

  /** What forbids an answer, whatever the numbers say. */
  private String reservation(
      Comparison comparison, List<Study> studies, List<Arm> rivals, int pairs) {
    if (pairs < 2) {
      return "fewer than two seeds in which nothing failed";
    }
    int own = 0;
    int others = 0;
    for (int s = 0; s < studies.size(); s++) {
      Study study = studies.get(s);
      Arm arm = study.arm(comparison.arm());
      own += failures(study, arm);
      others += failures(study, rivals.get(s));
      for (Arm each : List.of(arm, rivals.get(s))) {
        if (Math.abs(study.excess(each)) > study.match().tolerance()) {
          return "%s: %s is not matched in %s"
              .formatted(study.name(), each.name(), study.match().name().toLowerCase(Locale.ROOT));
        }
      }
    }
    return own > others ? comparison.arm() + " failed more often than its rival" : "";
  }

  private int failures(Study study, Arm arm) {
    return (int) plan.finals(study, arm).stream().filter(Outcome::failed).count();
  }

  private static List<Finding> withHolm(List<Finding> findings) {
    double[] p =
        findings.stream().filter(f -> f.comparison().primary()).mapToDouble(Finding::p).toArray();
    double[] holm = ManyTests.holm(p);
    List<Finding> adjusted = new ArrayList<>();
    int next = 0;
    for (Finding f : findings) {
      adjusted.add(
          new Finding(
              f.comparison(),
              f.measure(),
              f.rivals(),
              f.advantages(),
              f.sample(),
              f.interval(),
              f.confidence(),
              f.bootstrap(),
              f.p(),
              f.comparison().primary() ? holm[next++] : f.p(),
              f.signedRank(),
              f.equivalence(),
              f.effectSize(),
              f.verdict(),
              f.reservation()));
    }
    return adjusted;
  }

  private StudyResult study(Study study) {
    return new StudyResult(
        study.name(),
        study.what(),
        study.measure(),
        study.match(),
        study.rates(),
        study.arms().stream().map(arm -> arm(study, arm)).toList());
  }

  private ArmResult arm(Study study, Arm arm) {
    List<Outcome> finals = plan.finals(study, arm);
    List<Outcome> good = finals.stream().filter(o -> !o.failed()).toList();
    return new ArmResult(
        arm.name(),
        arm.what(),
        arm.parameters(),
        arm.flops(),
        study.excess(arm),
        plan.chosenRate(study, arm).orElseThrow(),
        plan.tuningScores(study, arm),
        finals.stream().map(o -> o.failed() ? Double.NaN : o.measured().test()).toList(),
        Sample.of(good.stream().mapToDouble(o -> o.measured().test()).toArray()),
        Sample.of(good.stream().mapToDouble(o -> o.measured().validation()).toArray()),
        median(
            good.stream()
                .filter(o -> o.measured().steps() > 0)
                .mapToDouble(o -> o.measured().trainSeconds() / o.measured().steps())
                .toArray()),
        Sample.of(finals.stream().mapToDouble(Outcome::seconds).toArray()).mean(),
        finals.stream().mapToLong(Outcome::peakBytes).max().orElse(-1),
        finals.size() - good.size(),
        good.stream().map(o -> o.measured().curve()).toList(),
        extras(good));
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    int n = values.length;
    return n == 0 ? Double.NaN : (values[(n - 1) / 2] + values[n / 2]) / 2;
  }

  private static Map<String, Double> extras(List<Outcome> good) {
    Map<String, Double> means = new LinkedHashMap<>();
    for (Outcome outcome : good) {
      for (String name : outcome.measured().extras().keySet()) {
        means.computeIfAbsent(
            name,
            _ ->
                good.stream()
                    .mapToDouble(o ->
                        Objects.requireNonNullElse(o.measured().extras().get(name), Double.NaN))
                    .average()
                    .orElse(Double.NaN));
      }
    }
    return means;
  }
}
