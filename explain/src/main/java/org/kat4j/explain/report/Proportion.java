package org.kat4j.explain.report;

/**
 * A share of a number of cases.
 *
 * @param right cases that count
 * @param all all cases
 */
record Proportion(long right, long all) {
  private static final double Z = 1.959963984540054; // of a two-sided interval of 95 %

  double share() {
    return (double) right / all;
  }

  /** Lower end of Wilson's interval of 95 %. */
  double low() {
    return centre() - halfWidth();
  }

  /** Upper end of Wilson's interval of 95 %. */
  double high() {
    return centre() + halfWidth();
  }

  private double centre() {
    return (share() + Z * Z / (2 * all)) / (1 + Z * Z / all);
  }

  private double halfWidth() {
    double p = share();
    return Z * Math.sqrt(p * (1 - p) / all + Z * Z / (4.0 * all * all)) / (1 + Z * Z / all);
  }
}
