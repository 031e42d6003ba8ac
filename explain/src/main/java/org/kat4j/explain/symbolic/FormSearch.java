package org.kat4j.explain.symbolic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.kat4j.function.LevenbergMarquardt;
import org.kat4j.function.kan.SymbolicEdges.Form;
import org.kat4j.function.kan.SymbolicFunction;

/**
 * Named functions behind a curve: y = c f(a x + b) + d for every f of a library, best first.
 *
 * <p>a and b start from a grid that suits f, with c and d by linear regression; the best starts are
 * refined together by Levenberg-Marquardt. Ranked as pykan does: weight complexity + (1 - weight)
 * log2(1 + floor - R^2), least first. Source: KAN, arXiv 2404.19756.
 *
 * @param library functions that are tried
 * @param simplicity weight of complexity, 0 to 1; pykan's is 0.8
 * @param floor differences of R^2 below this do not count; pykan's is 1e-5
 */
public record FormSearch(List<SymbolicFunction> library, double simplicity, double floor) {
  private static final int SAMPLES = 120;
  private static final int REFINED = 4;
  private static final int STEPS = 60;
  private static final double DIFFERENCE = 1e-6;

  /**
   * A function that the curve may be.
   *
   * @param rSquared 1 - SSE/SST, at most 1
   * @param score rank, least is best
   */
  public record Candidate(Form form, double rSquared, double score) {}

  /** All functions; precise curves tell them apart further than pykan's floor lets them. */
  public static FormSearch all() {
    List<SymbolicFunction> library =
        Arrays.stream(SymbolicFunction.values()).filter(f -> f != SymbolicFunction.ZERO).toList();
    return new FormSearch(library, 0.8, 1e-8);
  }

  /** Candidates for a curve, best first; a function that exists nowhere on it is left out. */
  public List<Candidate> of(double[] x, double[] y) {
    Curve curve = Curve.of(x, y);
    List<Candidate> found = new ArrayList<>();
    for (SymbolicFunction f : library) {
      candidate(curve, f).ifPresent(found::add);
    }
    found.sort(Comparator.comparingDouble(Candidate::score));
    return found;
  }

  private Optional<Candidate> candidate(Curve curve, SymbolicFunction f) {
    return starts(f).stream()
        .map(start -> curve.regressed(f, start))
        .filter(p -> p.error < Double.POSITIVE_INFINITY)
        .sorted(Comparator.comparingDouble(Fitted::error))
        .limit(REFINED)
        .map(start -> curve.refined(f, start))
        .min(Comparator.comparingDouble(Fitted::error))
        .map(best -> {
          double rSquared = 1 - Math.min(1, best.error);
          double score =
              simplicity * f.complexity()
                  + (1 - simplicity) * Math.log(1 + floor - rSquared) / Math.log(2);
          return new Candidate(curve.form(f, best), rSquared, score);
        });
  }

  /** Pairs (a, b) to start from, for x in [-1, 1]. */
  private static List<double[]> starts(SymbolicFunction f) {
    return switch (f) {
      case ZERO, IDENTITY -> grid(new double[] {1}, new double[] {0});
      case SQUARE, CUBE, FOURTH, FIFTH, ABS -> grid(new double[] {1}, spread(-4, 4, 81));
      case INVERSE, INVERSE_SQUARE, INVERSE_CUBE ->
          grid(new double[] {-1, 1}, geometric(1.001, 20, 40));
      case ROOT, INVERSE_ROOT, POWER_3_2, LOG ->
          grid(new double[] {-1, 1}, geometric(1.0001, 20, 40));
      case EXP -> grid(both(geometric(0.05, 20, 30)), new double[] {0});
      case SIN, COS -> grid(geometric(0.1, 40, 60), spread(-Math.PI / 2, Math.PI / 2, 13));
      case TAN -> grid(geometric(0.1, 1.5, 10), spread(-1.4, 1.4, 15));
      case TANH, GAUSSIAN, ARCTAN -> relative(geometric(0.1, 20, 25), spread(-2, 2, 21));
      case ARCSIN, ARCCOS, ARCTANH -> grid(geometric(0.05, 0.999, 15), spread(-0.9, 0.9, 19));
    };
  }

  private static List<double[]> grid(double[] a, double[] b) {
    return Arrays.stream(a)
        .boxed()
        .flatMap(first -> Arrays.stream(b).mapToObj(second -> new double[] {first, second}))
        .toList();
  }

  /** b = -a centre. */
  private static List<double[]> relative(double[] a, double[] centres) {
    return Arrays.stream(a)
        .boxed()
        .flatMap(f -> Arrays.stream(centres).mapToObj(centre -> new double[] {f, -f * centre}))
        .toList();
  }

  private static double[] spread(double low, double high, int count) {
    return IntStream.range(0, count)
        .mapToDouble(i -> low + (high - low) * i / (count - 1))
        .toArray();
  }

  private static double[] geometric(double low, double high, int count) {
    return IntStream.range(0, count)
        .mapToDouble(i -> low * Math.pow(high / low, (double) i / (count - 1)))
        .toArray();
  }

  private static double[] both(double[] positive) {
    return DoubleStream.concat(Arrays.stream(positive).map(v -> -v), Arrays.stream(positive))
        .toArray();
  }

  /**
   * Numbers a, b, c, d of a form on the scaled curve.
   *
   * @param error SSE/SST
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Fitted(double[] numbers, double error) {}

  /** Some places of the curve, x scaled to [-1, 1], y to mean 0 and mean square 1. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Curve(
      double[] x, double[] y, double middle, double half, double mean, double deviation) {

    static Curve of(double[] x, double[] y) {
      int[] order =
          IntStream.range(0, x.length)
              .boxed()
              .sorted(Comparator.comparingDouble(i -> x[i]))
              .mapToInt(i -> i)
              .toArray();
      int count = Math.min(SAMPLES, x.length);
      double low = x[order[0]];
      double high = x[order[x.length - 1]];
      double middle = (low + high) / 2;
      double half = high > low ? (high - low) / 2 : 1;
      double[] places = new double[count];
      double[] values = new double[count];
      for (int i = 0; i < count; i++) {
        int id = order[count == 1 ? 0 : (int) ((long) i * (x.length - 1) / (count - 1))];
        places[i] = (x[id] - middle) / half;
        values[i] = y[id];
      }
      double mean = Arrays.stream(values).average().orElse(0);
      double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / count;
      double deviation = squares > 0 ? Math.sqrt(squares) : 1;
      double[] scaled = Arrays.stream(values).map(v -> (v - mean) / deviation).toArray();
      return new Curve(places, scaled, middle, half, mean, deviation);
    }

    /** c and d by linear regression of y on f(a x + b). */
    Fitted regressed(SymbolicFunction f, double[] start) {
      double[] u = Arrays.stream(x).map(t -> f.at(start[0] * t + start[1])).toArray();
      double average = Arrays.stream(u).average().orElse(0);
      double variance = 0;
      double covariance = 0;
      for (int i = 0; i < u.length; i++) {
        variance += (u[i] - average) * (u[i] - average);
        covariance += (u[i] - average) * y[i];
      }
      if (!Double.isFinite(variance) || variance == 0) {
        return new Fitted(start, Double.POSITIVE_INFINITY);
      }
      double c = covariance / variance;
      double[] numbers = {start[0], start[1], c, -c * average};
      return new Fitted(numbers, 1 - covariance * covariance / variance / x.length);
    }

    Fitted refined(SymbolicFunction f, Fitted start) {
      var problem = new Problem(f, this);
      var best = LevenbergMarquardt.minimise(problem, start.numbers, STEPS);
      return new Fitted(best.parameters(), best.cost() * best.cost() / x.length);
    }

    /** The form on the curve's own scales. */
    Form form(SymbolicFunction f, Fitted fitted) {
      double[] p = fitted.numbers;
      return new Form(
          f, p[0] / half, p[1] - p[0] * middle / half, p[2] * deviation, p[3] * deviation + mean);
    }
  }

  /** Residuals of c f(a x + b) + d. */
  private record Problem(SymbolicFunction f, Curve curve) implements LevenbergMarquardt.Problem {
    @Override
    public boolean bounded(int parameter) {
      return false;
    }

    @Override
    public LevenbergMarquardt.Point at(double[] p) {
      int rows = curve.x.length;
      double[] residual = new double[rows];
      double[][] jacobian = new double[4][rows];
      for (int i = 0; i < rows; i++) {
        double u = p[0] * curve.x[i] + p[1];
        double step = DIFFERENCE * Math.max(1, Math.abs(u));
        double slope = (f.at(u + step) - f.at(u - step)) / (2 * step);
        if (!Double.isFinite(slope)) {
          slope = 0; // at the edge of the domain
        }
        double value = f.at(u);
        residual[i] = p[2] * value + p[3] - curve.y[i];
        jacobian[0][i] = p[2] * slope * curve.x[i];
        jacobian[1][i] = p[2] * slope;
        jacobian[2][i] = value;
        jacobian[3][i] = 1;
      }
      return new LevenbergMarquardt.Point(p, residual, jacobian);
    }
  }
}
