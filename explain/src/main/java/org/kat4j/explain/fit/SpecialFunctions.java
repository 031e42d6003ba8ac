package org.kat4j.explain.fit;

import java.util.function.DoubleUnaryOperator;

/**
 * Special functions in float64 from their integrals, as targets of fits: smooth integrands by
 * composite Gauss-Legendre quadrature, Legendre functions by the hypergeometric series.
 *
 * <p>Source: NIST Digital Library of Mathematical Functions, 10.9, 10.32, 14.3, 19.2 and 22.20.
 */
final class SpecialFunctions {
  private static final double[] NODES = {
    0.14887433898163122,
    0.4333953941292472,
    0.6794095682990244,
    0.8650633666889845,
    0.9739065285171717
  };
  private static final double[] WEIGHTS = {
    0.29552422471475287,
    0.26926671930999635,
    0.21908636251598204,
    0.1494513491505806,
    0.06667134430868814
  };
  private static final int PANELS = 40;
  private static final double SMALL = 1e-17;
  private static final double UNDERFLOW = 40; // exp(-40) does not count beside 1
  private static final int MAX_TERMS = 10_000;

  private SpecialFunctions() {}

  /** The integral of a smooth function. */
  static double integral(DoubleUnaryOperator f, double low, double high) {
    double half = (high - low) / PANELS / 2;
    double sum = 0;
    for (int panel = 0; panel < PANELS; panel++) {
      double middle = low + (2 * panel + 1) * half;
      for (int i = 0; i < NODES.length; i++) {
        double step = NODES[i] * half;
        sum += WEIGHTS[i] * (f.applyAsDouble(middle - step) + f.applyAsDouble(middle + step));
      }
    }
    return sum * half;
  }

  /** F(phi | m), 0 &lt;= m &lt; 1. */
  static double ellipticF(double phi, double m) {
    return integral(t -> 1 / Math.sqrt(1 - m * Math.sin(t) * Math.sin(t)), 0, phi);
  }

  /** E(phi | m). */
  static double ellipticE(double phi, double m) {
    return integral(t -> Math.sqrt(1 - m * Math.sin(t) * Math.sin(t)), 0, phi);
  }

  /** sn(u | m), by the arithmetic-geometric mean; 0 &lt;= m &lt; 1. */
  static double jacobiSn(double u, double m) {
    double[] a = new double[16];
    double[] c = new double[16];
    a[0] = 1;
    double b = Math.sqrt(1 - m);
    c[0] = Math.sqrt(m);
    int n = 0;
    while (Math.abs(c[n]) > SMALL && n < a.length - 1) {
      a[n + 1] = (a[n] + b) / 2;
      c[n + 1] = (a[n] - b) / 2;
      b = Math.sqrt(a[n] * b);
      n++;
    }
    double phi = Math.scalb(a[n] * u, n);
    for (; n > 0; n--) {
      phi = (phi + Math.asin(c[n] * Math.sin(phi) / a[n])) / 2;
    }
    return Math.sin(phi);
  }

  /** J_v(x), x &gt; 0. */
  static double besselJ(double v, double x) {
    double wave = integral(t -> Math.cos(v * t - x * Math.sin(t)), 0, Math.PI);
    double decay = integral(t -> Math.exp(-x * Math.sinh(t) - v * t), 0, reach(x));
    return (wave - Math.sin(v * Math.PI) * decay) / Math.PI;
  }

  /** Y_v(x), x &gt; 0. */
  static double besselY(double v, double x) {
    double wave = integral(t -> Math.sin(x * Math.sin(t) - v * t), 0, Math.PI);
    double cosine = Math.cos(v * Math.PI);
    double decay =
        integral(
            t -> (Math.exp(v * t) + Math.exp(-v * t) * cosine) * Math.exp(-x * Math.sinh(t)),
            0,
            reach(x));
    return (wave - decay) / Math.PI;
  }

  /** I_v(x), x &gt; 0. */
  static double besselI(double v, double x) {
    double wave = integral(t -> Math.exp(x * Math.cos(t)) * Math.cos(v * t), 0, Math.PI);
    double decay = integral(t -> Math.exp(-x * Math.cosh(t) - v * t), 0, reach(x));
    return (wave - Math.sin(v * Math.PI) * decay) / Math.PI;
  }

  /** K_v(x), x &gt; 0. */
  static double besselK(double v, double x) {
    return integral(t -> Math.exp(-x * Math.cosh(t)) * Math.cosh(v * t), 0, reach(x));
  }

  /** Where exp(-x sinh t + v t) with small v has died away. */
  private static double reach(double x) {
    double far = 2 * UNDERFLOW / x;
    return Math.log(far + Math.sqrt(far * far + 1)); // arsinh
  }

  /**
   * P_v^m(x) with the factor (-1)^m, for m of 0, 1, 2 and -1 &lt; x &lt;= 1.
   *
   * <p>(-1)^m (1 - x^2)^(m/2) d^m/dx^m F(-v, v + 1; 1; (1 - x) / 2).
   */
  static double legendre(int m, double v, double x) {
    double z = (1 - x) / 2;
    // d^m/dz^m F(a, b; 1; z) = (a)_m (b)_m / m! F(a + m, b + m; 1 + m; z), and dz/dx = -1/2.
    double factor = 1;
    for (int i = 0; i < m; i++) {
      factor *= (-v + i) * (v + 1 + i) / (1 + i) * -0.5;
    }
    double series = hypergeometric(m - v, v + 1 + m, 1 + m, z);
    return (m % 2 == 0 ? 1 : -1) * Math.pow(1 - x * x, m / 2.0) * factor * series;
  }

  private static double hypergeometric(double a, double b, double c, double z) {
    double term = 1;
    double sum = 1;
    for (int n = 0; n < MAX_TERMS && Math.abs(term) > SMALL * Math.abs(sum); n++) {
      term *= (a + n) * (b + n) / (c + n) / (n + 1) * z;
      sum += term;
    }
    return sum;
  }

  /** The real part of Y_n^m at azimuth theta and polar angle phi, for n up to 2. */
  static double sphericalHarmonic(int m, int n, double theta, double phi) {
    double ratio = 1;
    for (int k = n - m + 1; k <= n + m; k++) {
      ratio /= k;
    }
    double norm = Math.sqrt((2 * n + 1) / (4 * Math.PI) * ratio);
    return norm * legendre(m, n, Math.cos(phi)) * Math.cos(m * theta);
  }
}
