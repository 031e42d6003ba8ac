package org.kat4j.lab.page;

import java.util.Locale;
import org.kat4j.lab.Result.Finding;
import org.kat4j.lab.statistics.Interval;
import org.kat4j.task.Measure;

/** Numbers and findings in words. */
final class Wording {
  private Wording() {}

  static String number(double value) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    double size = Math.abs(value);
    if (value == 0) {
      return "0";
    }
    if (size >= 1e-3 && size < 1e5) {
      int decimals = size >= 100 ? 1 : size >= 1 ? 2 : 4;
      return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }
    return String.format(Locale.ROOT, "%.2e", value);
  }

  /** Parameters or operations; not every arm has any, or known ones. */
  static String size(double count) {
    return count > 0 ? String.format(Locale.ROOT, "%,.0f", count) : "–";
  }

  static String percent(double share) {
    return String.format(Locale.ROOT, "%+.1f %%", 100 * share);
  }

  static String p(double p) {
    return Double.isNaN(p) ? "–" : p < 1e-4 ? "< 0.0001" : String.format(Locale.ROOT, "%.4f", p);
  }

  static String megabytes(long bytes) {
    return bytes < 0 ? "–" : String.format(Locale.ROOT, "%,.0f MB", bytes / 1e6);
  }

  static String seconds(double seconds) {
    return seconds < 3600
        ? String.format(Locale.ROOT, "%.0f min", Math.ceil(seconds / 60))
        : String.format(Locale.ROOT, "%.1f h", seconds / 3600);
  }

  static String milliseconds(double seconds) {
    return Double.isFinite(seconds) ? number(1000 * seconds) : "–";
  }

  /** An advantage as it is shown: a factor where the measure is compared by ratio. */
  static double shown(Measure measure, double advantage) {
    return measure.ratio() ? Math.exp(advantage) : advantage;
  }

  static String advantage(Measure measure, double advantage) {
    if (!Double.isFinite(advantage)) {
      return "–";
    }
    return measure.ratio()
        ? "factor " + number(Math.exp(advantage))
        : String.format(Locale.ROOT, measure.unit().equals("%") ? "%+.2f" : "%+.4f", advantage)
            + points(measure);
  }

  static String interval(Measure measure, Interval interval) {
    return "[%s, %s]"
        .formatted(number(shown(measure, interval.low())), number(shown(measure, interval.high())));
  }

  /** A difference of percentages is in points. */
  private static String points(Measure measure) {
    return measure.unit().equals("%")
        ? " points"
        : measure.unit().isEmpty() ? "" : " " + measure.unit();
  }

  /** The finding in a sentence. */
  static String sentence(Finding f) {
    String numbers =
        "%s has an advantage of %s over %s, %s %% interval %s, n = %d, p = %s (Holm %s)"
            .formatted(
                f.comparison().arm(),
                advantage(f.measure(), f.sample().mean()),
                String.join(", ", f.rivals().stream().distinct().toList()),
                String.format(Locale.ROOT, "%.1f", 100 * f.confidence()),
                interval(f.measure(), f.interval()),
                f.sample().n(),
                p(f.p()),
                p(f.holm()));
    String reservation = f.reservation().isEmpty() ? "" : " (" + f.reservation() + ")";
    return "%s: %s%s. %s."
        .formatted(f.comparison().question(), f.verdict().label(), reservation, numbers);
  }
}
