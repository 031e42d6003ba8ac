package org.kat4j.serve;

import java.util.Locale;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/** Counts of values up to rising limits, as Prometheus has them; for many threads. */
final class Histogram {
  private final String name;
  private final String help;
  private final double[] limits;
  private final LongAdder[] counts; // one more than limits: what is above all of them
  private final DoubleAdder sum = new DoubleAdder();

  Histogram(String name, String help, double... limits) {
    this.name = name;
    this.help = help;
    this.limits = limits.clone();
    counts = new LongAdder[limits.length + 1];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = new LongAdder();
    }
  }

  void add(double value) {
    int bucket = 0;
    while (bucket < limits.length && value > limits[bucket]) {
      bucket++;
    }
    counts[bucket].increment();
    sum.add(value);
  }

  void writeTo(StringBuilder text) {
    text.append("# HELP %s %s\n# TYPE %s histogram\n".formatted(name, help, name));
    long below = 0;
    for (int i = 0; i < counts.length; i++) {
      below += counts[i].sum();
      String limit = i < limits.length ? Double.toString(limits[i]) : "+Inf";
      text.append(String.format(Locale.ROOT, "%s_bucket{le=\"%s\"} %d\n", name, limit, below));
    }
    text.append(String.format(Locale.ROOT, "%s_sum %s\n", name, sum.sum()));
    text.append(name).append("_count ").append(below).append('\n');
  }
}
