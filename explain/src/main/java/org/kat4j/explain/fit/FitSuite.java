package org.kat4j.explain.fit;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.kat4j.error.NearestName;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.explain.symbolic.FormulaParser;

/**
 * Functions that the KAN paper fits, with its figures. Its input ranges are not known to us: ours
 * are our own, so that its column shows an order of magnitude and no more.
 *
 * <p>Source: KAN, arXiv 2404.19756, tables of special functions and of Feynman's equations.
 */
public final class FitSuite {
  private static final FitData.Range UNIT = new FitData.Range(-1, 1);
  private static final FitData.Range MODULUS = new FitData.Range(0, 0.9);
  private static final List<String> TWO = List.of("x", "y");

  private FitSuite() {}

  /**
   * A function to fit.
   *
   * @param paperKan test error of the paper's best KAN
   * @param paperMlp that of its multilayer perceptron; NaN where it gives none
   */
  public record Row(
      String name,
      List<String> features,
      List<FitData.Range> ranges,
      ToDoubleFunction<double[]> function,
      List<Integer> hidden,
      double paperKan,
      double paperMlp) {
    /** {@code rows} samples of it to train on. */
    public FitData data(int rows, long seed) {
      return FitData.ofFunction(features, "f", ranges, function, rows, seed);
    }

    /** {@code rows} samples of it to train on, and enough to choose among several fits by. */
    public FitData dataToChooseBy(int rows, long seed) {
      return FitData.ofFunction(
          features, "f", ranges, function, rows, FitData.enoughToChooseBy(rows), seed);
    }
  }

  /** {@code special}, {@code toy} or {@code feynman}. */
  public static List<Row> named(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "special" -> special();
      case "toy" -> toy();
      case "feynman" -> feynman();
      default -> throw NearestName.unknown("suite", name, List.of("special", "toy", "feynman"));
    };
  }

  private static List<Row> toy() {
    return List.of(
        new Row(
            "J0(20x)",
            List.of("x"),
            List.of(UNIT),
            r -> SpecialFunctions.besselJ(0, Math.abs(20 * r[0])), // even in x
            List.of(),
            Double.NaN,
            Double.NaN),
        formula("exp(sin(pi*x)+y^2)", List.of(1), List.of(UNIT, UNIT), 1.24e-5, Double.NaN),
        formula("x*y", List.of(2), List.of(UNIT, UNIT), Double.NaN, Double.NaN),
        meanOfSquaredSines(100),
        new Row(
            "exp((sin(pi(a^2+b^2))+sin(pi(c^2+d^2)))/2)",
            List.of("a", "b", "c", "d"),
            List.of(UNIT, UNIT, UNIT, UNIT),
            r ->
                Math.exp(
                    (Math.sin(Math.PI * (r[0] * r[0] + r[1] * r[1]))
                            + Math.sin(Math.PI * (r[2] * r[2] + r[3] * r[3])))
                        / 2),
            List.of(2, 1),
            3.78e-5,
            Double.NaN));
  }

  private static Row meanOfSquaredSines(int count) {
    return new Row(
        "exp(mean sin^2(pi*x_i/2)), i = 1.." + count,
        IntStream.rangeClosed(1, count).mapToObj(i -> "x" + i).toList(),
        Collections.nCopies(count, UNIT),
        r -> Math.exp(Arrays.stream(r).map(x -> square(Math.sin(Math.PI * x / 2))).sum() / count),
        List.of(1),
        Double.NaN,
        Double.NaN);
  }

  private static double square(double x) {
    return x * x;
  }

  private static List<Row> special() {
    FitData.Range quarter = new FitData.Range(0, Math.PI / 2);
    return List.of(
        of("ellipj", 0, 4, MODULUS, SpecialFunctions::jacobiSn, 1.33e-4, 6.48e-4),
        of("ellipkinc", quarter, MODULUS, SpecialFunctions::ellipticF, 1.24e-4, 5.52e-4),
        of("ellipeinc", quarter, MODULUS, SpecialFunctions::ellipticE, 8.26e-5, 3.04e-4),
        of("jv", 0, 5, range(0.1, 10), SpecialFunctions::besselJ, 1.64e-3, 5.52e-3),
        of("yv", 0, 2, range(1, 10), SpecialFunctions::besselY, 1.49e-5, 3.45e-4),
        of("kv", 0, 2, range(1, 5), SpecialFunctions::besselK, 2.52e-5, 1.67e-4),
        of("iv", 0, 3, range(0.1, 5), SpecialFunctions::besselI, 9.28e-3, 1.07e-2),
        of(
            "lpmv0",
            0,
            4,
            range(-.8, .8),
            (v, x) -> SpecialFunctions.legendre(0, v, x),
            5.25e-5,
            1.74e-2),
        of(
            "lpmv1",
            0,
            4,
            range(-.8, .8),
            (v, x) -> SpecialFunctions.legendre(1, v, x),
            6.90e-4,
            1.50e-3),
        of(
            "lpmv2",
            0,
            4,
            range(-.8, .8),
            (v, x) -> SpecialFunctions.legendre(2, v, x),
            2.26e-4,
            9.43e-4),
        harmonic(0, 1, 2.21e-7, 1.25e-6),
        harmonic(1, 1, 1.22e-4, 6.70e-4),
        harmonic(0, 2, 1.95e-7, 2.85e-6),
        harmonic(1, 2, 1.50e-5, 1.84e-3),
        harmonic(2, 2, 9.45e-5, 6.21e-4));
  }

  private static List<Row> feynman() {
    FitData.Range positive = range(0.5, 2);
    FitData.Range angle = range(0, 2 * Math.PI);
    FitData.Range inner = range(-0.9, 0.9);
    return List.of(
        formula(
            "exp(-t^2/(2*s^2))/sqrt(2*pi*s^2)",
            List.of(5),
            List.of(range(-2, 2), positive),
            2.86e-5,
            1.45e-4),
        formula(
            "a/((b-1)^2+(c-d)^2+(e-f)^2)",
            List.of(5),
            List.of(UNIT, range(0, 0.5), UNIT, UNIT, UNIT, UNIT),
            6.56e-3,
            1.59e-3),
        formula("1+a*sin(t)", List.of(5), List.of(UNIT, angle), 9.13e-4, 6.71e-4),
        formula("a*(1/b-1)", List.of(5), List.of(UNIT, positive), 2.72e-3, 1.42e-3),
        formula("(1-a)/sqrt(1-b^2)", List.of(5), List.of(UNIT, inner), 1.14e-3, 8.54e-4),
        formula("(a+b)/(1+a*b)", List.of(5), List.of(inner, inner), 1.06e-3, 6.20e-4),
        formula("arcsin(n*sin(t))", List.of(5), List.of(inner, angle), 7.90e-4, 1.24e-3),
        formula("1/(1+a*b)", List.of(5), List.of(inner, inner), 1.94e-4, 2.46e-4),
        formula(
            "sqrt(1+a^2-2*a*cos(t-u))",
            List.of(5),
            List.of(range(0.1, 0.8), angle, angle),
            3.20e-3,
            4.64e-3),
        formula("1+a+2*sqrt(a)*cos(d)", List.of(5), List.of(positive, angle), 4.91e-6, 5.67e-4),
        formula("n*log(a)", List.of(5), List.of(UNIT, positive), 2.30e-5, 3.99e-4),
        formula("n/(exp(a)+exp(-a))", List.of(5), List.of(UNIT, UNIT), 7.71e-5, 7.92e-5),
        formula("a+a*b", List.of(5), List.of(UNIT, UNIT), 1.15e-3, 2.15e-3),
        formula("a/b", List.of(5), List.of(UNIT, positive), 8.78e-5, 5.26e-4));
  }

  private static FitData.Range range(double low, double high) {
    return new FitData.Range(low, high);
  }

  private interface OfTwo {
    double at(double x, double y);
  }

  private static Row of(
      String name, double low, double high, FitData.Range second, OfTwo f, double kan, double mlp) {
    return of(name, range(low, high), second, f, kan, mlp);
  }

  private static Row of(
      String name, FitData.Range first, FitData.Range second, OfTwo f, double kan, double mlp) {
    return new Row(name, TWO, List.of(first, second), r -> f.at(r[0], r[1]), List.of(5), kan, mlp);
  }

  private static Row harmonic(int m, int n, double kan, double mlp) {
    return of(
        "sph_harm(" + m + "," + n + ")",
        range(0, 2 * Math.PI),
        range(0, Math.PI),
        (theta, phi) -> SpecialFunctions.sphericalHarmonic(m, n, theta, phi),
        kan,
        mlp);
  }

  /** A formula whose variables stand in the order of their first appearance. */
  private static Row formula(
      String text, List<Integer> hidden, List<FitData.Range> ranges, double kan, double mlp) {
    List<String> names =
        Pattern.compile("(?<![a-z])[a-z](?![a-z(])")
            .matcher(text)
            .results()
            .map(found -> found.group())
            .distinct()
            .toList();
    Expression expression = FormulaParser.parse(text, names);
    return new Row(text, names, ranges, expression::at, hidden, kan, mlp);
  }
}
