package org.kat4j.attention;

import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.attention.ScoreStep.Effect;
import org.kat4j.attention.ScoreStep.Places;

/**
 * How queries and keys of a pass become the scores that a weighting weighs.
 *
 * @param steps of the scores, in their order
 * @param sight which keys a query sees
 * @param places where queries and keys stand
 */
public record Scores(List<ScoreStep> steps, Sight sight, Places places) {
  /** Scores without steps. */
  public static Scores plain(Sight sight, long queries, long keys) {
    return new Scores(List.of(), sight, new Places(queries, keys, null));
  }

  /**
   * Products of queries and keys times a factor, through all steps, with minus infinity at what is
   * not seen.
   *
   * @param q {@code [batch, heads, queries, head width]}
   * @param k {@code [batch, key-value heads, keys, head width]}
   * @return {@code [batch, heads, queries, keys]}
   */
  public Tensor of(Tensor q, Tensor k, double factor) {
    Tensor scores = q.matmul(forEachQuery(k, q).transpose(-2, -1)).mul(new Scalar(factor));
    for (ScoreStep step : steps) {
      Tensor table = step.table(places);
      scores = step.effect() == Effect.ADDED ? scores.add(table) : scores.mul(table);
    }
    return sight.of(scores);
  }

  /** Whether all that is done to the products is an addition. */
  public boolean onlyAdd() {
    for (ScoreStep step : steps) {
      if (step.effect() != Effect.ADDED) {
        return false;
      }
    }
    return true;
  }

  /**
   * What steps that only add come to together, with minus infinity at what is not seen.
   *
   * @return {@code [heads or 1, queries, keys]}; null where there are no steps
   */
  @Nullable Tensor added() {
    Tensor sum = null;
    for (ScoreStep step : steps) {
      Tensor table = step.table(places);
      sum = sum == null ? table : sum.add(table);
    }
    return sum == null ? null : sight.of(sum);
  }

  /** Keys or values repeated for the heads of queries that share them. */
  public static Tensor forEachQuery(Tensor shared, Tensor q) {
    long times = q.size(1) / shared.size(1);
    return times == 1
        ? shared
        : shared.repeat_interleave(times, new LongOptional(1), new LongOptional());
  }
}
