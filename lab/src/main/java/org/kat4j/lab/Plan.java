package org.kat4j.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/**
 * All trials of a claim, and what is known of them.
 *
 * <p>First every arm tries every rate once, with a seed that no final run has; then the chosen rate
 * runs with every seed. So all arms have equally many trials, and no rate is chosen by what it is
 * judged by.
 */
final class Plan {
  private static final long TUNING_SEED = 1000;

  /** A trial with its name in the store. */
  record Item(Study study, Trial trial, String key, Experiment experiment) {}

  private final Claim claim;
  private final Budget budget;
  private final int seeds;
  private final Workplace place;
  private final TrialStore store;
  private final Map<Study, Experiment> experiments = new LinkedHashMap<>();
  private final Map<String, Outcome> known = new LinkedHashMap<>();

  Plan(Claim claim, Budget budget, int seeds, Workplace place, TrialStore store) {
    this.claim = claim;
    this.budget = budget;
    this.seeds = seeds;
    this.place = place;
    this.store = store;
    for (Study study : claim.studies(budget)) {
      experiments.put(study, study.opening().open(place));
    }
  }

  List<Study> studies() {
    return List.copyOf(experiments.keySet());
  }

  /** Trials in all. */
  int size() {
    return studies().stream()
        .mapToInt(s -> s.arms().size() * (seeds + (s.rates().size() > 1 ? s.rates().size() : 0)))
        .sum();
  }

  /** Trials that are neither finished nor in need of others; seed by seed. */
  List<Item> open() {
    List<Item> open = new ArrayList<>();
    for (Study study : studies()) {
      for (Arm arm : study.arms()) {
        open.addAll(tuning(study, arm));
      }
    }
    for (long seed = 1; seed <= seeds; seed++) {
      for (Study study : studies()) {
        for (Arm arm : study.arms()) {
          Optional<Double> rate = chosenRate(study, arm);
          if (rate.isPresent()) {
            open.add(item(study, arm, rate.get(), seed, true));
          }
        }
      }
    }
    open.removeIf(item -> outcome(item).isPresent());
    return open;
  }

  private List<Item> tuning(Study study, Arm arm) {
    return study.rates().size() == 1
        ? List.of()
        : study.rates().stream().map(rate -> item(study, arm, rate, TUNING_SEED, false)).toList();
  }

  /** Scores of the arm's tries, in the order of the study's rates; empty until all are done. */
  List<Double> tuningScores(Study study, Arm arm) {
    List<Outcome> done = tuned(study, arm);
    return done.size() < study.rates().size()
        ? List.of()
        : done.stream().map(o -> o.measured().validation()).toList();
  }

  /** The finished tries of an arm. */
  List<Outcome> tuned(Study study, Arm arm) {
    return tuning(study, arm).stream().map(this::outcome).flatMap(Optional::stream).toList();
  }

  /** The rate with the best validation score; empty while the arm is still tried. */
  Optional<Double> chosenRate(Study study, Arm arm) {
    if (study.rates().size() == 1) {
      return Optional.of(study.rates().getFirst());
    }
    List<Double> scores = tuningScores(study, arm);
    if (scores.isEmpty()) {
      return Optional.empty();
    }
    int best = 0;
    for (int i = 1; i < scores.size(); i++) {
      best = study.measure().isBetter(scores.get(i), scores.get(best)) ? i : best;
    }
    return Optional.of(study.rates().get(best));
  }

  /** The finished final trials of an arm, by seed. */
  List<Outcome> finals(Study study, Arm arm) {
    return chosenRate(study, arm).stream()
        .flatMap(rate ->
            LongStream.rangeClosed(1, seeds)
                .mapToObj(seed -> outcome(item(study, arm, rate, seed, true)))
                .flatMap(Optional::stream))
        .toList();
  }

  private Item item(Study study, Arm arm, double rate, long seed, boolean last) {
    Experiment experiment = Objects.requireNonNull(experiments.get(study));
    String determinedBy =
        String.join(
            "\n",
            "claim " + claim.about().number() + ", version " + claim.about().version(),
            "study " + study.name(),
            experiment.determinedBy(),
            "arm " + arm.spec(),
            "rate " + rate + ", seed " + seed + ", " + (last ? "final" : "tuning"),
            "on " + place.device().type());
    String key = TrialStore.key(determinedBy);
    Trial trial = new Trial(arm, rate, seed, last, place, store.scratch(key));
    return new Item(study, trial, key, experiment);
  }

  private Optional<Outcome> outcome(Item item) {
    Outcome before = known.get(item.key());
    if (before != null) {
      return Optional.of(before);
    }
    Optional<Outcome> stored = store.find(item.key());
    stored.ifPresent(found -> known.put(item.key(), found));
    return stored;
  }

  /** Trials that are finished. */
  int done() {
    int done = 0;
    for (Study study : studies()) {
      for (Arm arm : study.arms()) {
        done += tuned(study, arm).size() + finals(study, arm).size();
      }
    }
    return done;
  }

  /**
   * Seconds until all is done, one trial at a time: each arm's trials take as long as those before;
   * of an arm without any, as those of all arms of its study.
   */
  double secondsLeft() {
    double left = 0;
    for (Study study : studies()) {
      for (Arm arm : study.arms()) {
        int all = seeds + (study.rates().size() > 1 ? study.rates().size() : 0);
        double[] own = seconds(o -> o.study().equals(study.name()) && o.arm().equals(arm.name()));
        double[] others = own.length > 0 ? own : seconds(o -> o.study().equals(study.name()));
        double[] any = others.length > 0 ? others : seconds(_ -> true);
        left += (all - own.length) * DoubleStream.of(any).average().orElse(Double.NaN);
      }
    }
    return left;
  }

  private double[] seconds(Predicate<Outcome> which) {
    return known.values().stream().filter(which).mapToDouble(Outcome::seconds).toArray();
  }

  Budget budget() {
    return budget;
  }

  int seeds() {
    return seeds;
  }
}
