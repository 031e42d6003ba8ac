package org.kat4j.optim;

import org.kat4j.config.Check;

/**
 * timm's cosine schedule with warm-up, one cycle.
 *
 * <p>t below warmup: warmupLr + t (lr - warmupLr) / warmup. From there: minLr + (lr - minLr) / 2 (1
 * + cos(pi t / length)); from t = length on: minLr. Without {@code warmupPrefix} the cosine counts
 * t from the very start, so it begins below lr; with it t counts from the end of the warm-up. t may
 * count epochs or updates.
 *
 * @param lr the rate that decays
 * @param length t at which it has decayed
 * @param minLr the rate from there on
 * @param warmup t at which the warm-up ends, 0 for none
 * @param warmupLr the rate at t = 0
 * @param warmupPrefix whether the warm-up comes on top of the length
 */
public record CosineSchedule(
    double lr, double length, double minLr, double warmup, double warmupLr, boolean warmupPrefix) {
  public CosineSchedule {
    Check.positive("lr", lr);
    Check.positive("length", length);
    Check.inRange("minLr", minLr, 0, Double.POSITIVE_INFINITY);
    Check.inRange("warmup", warmup, 0, Double.POSITIVE_INFINITY);
    Check.inRange("warmupLr", warmupLr, 0, Double.POSITIVE_INFINITY);
  }

  /** The learning rate at t. */
  public double at(double t) {
    if (t < warmup) {
      return warmupLr + t * (lr - warmupLr) / warmup;
    }
    double cosineTime = warmupPrefix ? t - warmup : t;
    if (cosineTime >= length) {
      return minLr;
    }
    return minLr + (lr - minLr) / 2 * (1 + Math.cos(Math.PI * cosineTime / length));
  }
}
