package org.kat4j.lab;

import java.util.List;

/**
 * A published claim as an experiment: the part that differs from claim to claim. How trials are
 * run, repeated, counted, compared and reported is the same for all; see {@link Runner}.
 *
 * <p>To add one: a class in {@code org.kat4j.lab.pNN} and its line in {@link Claims}.
 */
public interface Claim {
  /**
   * @param number of the paper in our list, which names its folder and its page
   * @param title of the paper, and its identifier
   * @param hypothesis the claim in a sentence that can be wrong
   * @param supports what has to be seen for "supported"
   * @param refutes what has to be seen for "refuted"
   * @param departures how the experiment differs from the paper's, and why
   * @param version counted up when a change of code makes earlier trials invalid
   */
  record About(
      int number,
      String title,
      String hypothesis,
      String supports,
      String refutes,
      String departures,
      int version) {}

  /**
   * A published figure to stand beside ours; it has no part in the verdict.
   *
   * @param study name of our study
   * @param arm name of our arm
   * @param value the figure, in the study's unit
   * @param source where it is from and what was different there
   */
  record Published(String study, String arm, double value, String source) {}

  About about();

  /** What is trained, at the sizes of a budget. */
  List<Study> studies(Budget budget);

  /** What is asked. */
  List<Comparison> comparisons(Budget budget);

  /** Published figures that ours can be seen beside. */
  default List<Published> published() {
    return List.of();
  }
}
