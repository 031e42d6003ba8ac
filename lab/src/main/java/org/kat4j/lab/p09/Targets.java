package org.kat4j.lab.p09;

import java.util.List;
import org.kat4j.lab.network.Function;

/** The formulas of sheet 09 (a), two variables in (0, 1). */
final class Targets {
  private static final int STEPS = 200; // Simpson's rule: the integrands are smooth, error < 1e-9

  private Targets() {}

  static final List<Function> ALL =
      List.of(
          // m up to 0.98 and z down to -0.9: away from the singularities at m = 1 and z = -1.
          new Function("ellipeinc", 2, 0, 1, x -> ellipticE(x[0] * Math.PI / 2, 0.98 * x[1])),
          new Function("lpmv0", 2, 0, 1, x -> legendre(4 * x[0], 1.9 * x[1] - 0.9)),
          new Function("sphharm01", 2, 0, 1, x -> harmonic(Math.PI * x[1])),
          new Function("expsin", 2, -1, 1, x -> Math.exp(Math.sin(Math.PI * x[0]) + sq(x[1]))));

  private static double sq(double v) {
    return v * v;
  }

  /** Incomplete elliptic integral of the second kind: int_0^phi sqrt(1 - m sin^2 t) dt. */
  static double ellipticE(double phi, double m) {
    return simpson(phi, t -> Math.sqrt(1 - m * sq(Math.sin(t))));
  }

  /**
   * Legendre's function of real degree v and order 0, by the integral of Mehler and Dirichlet:
   * P_v(cos theta) = sqrt(2)/pi int_0^theta cos((v + 1/2) t) / sqrt(cos t - cos theta) dt.
   */
  static double legendre(double v, double z) {
    double theta = Math.acos(z);
    double half = Math.sin(theta / 2);
    // sin(t/2) = sin(theta/2) sin s takes the root's singularity away: dt / sqrt(cos t - cos theta)
    // = sqrt(2) ds / cos(t/2).
    return 2
        / Math.PI
        * simpson(
            Math.PI / 2,
            s -> {
              double t = 2 * Math.asin(half * Math.sin(s));
              return Math.cos((v + 0.5) * t) / Math.cos(t / 2);
            });
  }

  /** The spherical harmonic of order 0 and degree 1: it does not depend on the azimuth. */
  static double harmonic(double polar) {
    return Math.sqrt(3 / (4 * Math.PI)) * Math.cos(polar);
  }

  private interface Integrand {
    double at(double t);
  }

  private static double simpson(double end, Integrand f) {
    double h = end / STEPS;
    double sum = f.at(0) + f.at(end);
    for (int i = 1; i < STEPS; i++) {
      sum += f.at(i * h) * (i % 2 == 0 ? 2 : 4);
    }
    return sum * h / 3;
  }
}
