package org.kat4j.explain.symbolic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.kat4j.explain.symbolic.Expression.Call;
import org.kat4j.explain.symbolic.Expression.Constant;
import org.kat4j.explain.symbolic.Expression.Power;
import org.kat4j.explain.symbolic.Expression.Product;
import org.kat4j.explain.symbolic.Expression.Sum;
import org.kat4j.explain.symbolic.Expression.Variable;
import org.kat4j.function.kan.SymbolicFunction;

/**
 * Where the variables of a formula lie, and whether a formula exists there.
 *
 * @param low one a variable
 * @param high one a variable, at least {@code low}
 */
@SuppressWarnings("ArrayRecordComponent") // a view of data, never compared
public record Box(double[] low, double[] high) {
  private static final int MOST_CORNERED = 8;
  private static final int GRID = 2_000; // places in all
  private static final int LINE = 33; // places on each axis where a grid would be too coarse
  private static final int LEAST_PER_AXIS = 5;

  /**
   * Whether a formula is a finite number at corners, on a grid and on rows, with no pole between
   * them: a denominator that has both signs is 0 somewhere, as the box is in one piece.
   */
  public boolean holds(Expression formula, double[][] rows) {
    return unbroken(formula, places()) && unbroken(formula, rows);
  }

  /** Whether a formula is a finite number at these places, with no pole between them. */
  public static boolean unbroken(Expression e, double[][] places) {
    return allFinite(e.at(places)) && withoutPole(e, places);
  }

  private static boolean withoutPole(Expression e, double[][] places) {
    return switch (e) {
      case Constant _ -> true;
      case Variable _ -> true;
      case Sum(var terms) -> terms.stream().allMatch(t -> withoutPole(t, places));
      case Product(var factors) -> factors.stream().allMatch(f -> withoutPole(f, places));
      case Power(var base, double exponent) ->
          (exponent > 0 || ofOneSign(base.at(places))) && withoutPole(base, places);
      case Call(var function, var x) ->
          (function != SymbolicFunction.TAN || onOneBranch(x.at(places))) && withoutPole(x, places);
    };
  }

  private static boolean allFinite(double[] values) {
    return Arrays.stream(values).allMatch(Double::isFinite);
  }

  private static boolean ofOneSign(double[] values) {
    return Arrays.stream(values).allMatch(v -> v > 0) || Arrays.stream(values).allMatch(v -> v < 0);
  }

  /** Whether no pole of the tangent lies between the values. */
  private static boolean onOneBranch(double[] values) {
    return Arrays.stream(values).map(v -> Math.rint(v / Math.PI)).distinct().count() <= 1;
  }

  /** Corners, and a grid or, of many variables, lines through the middle. */
  public double[][] places() {
    List<double[]> places = new ArrayList<>();
    int count = low.length;
    if (count <= MOST_CORNERED) {
      for (int c = 0; c < 1 << count; c++) {
        int corner = c;
        places.add(at(j -> corner >> j & 1));
      }
    } else {
      places.add(low);
      places.add(high);
    }
    int perAxis = (int) Math.pow(GRID, 1.0 / count);
    if (perAxis >= LEAST_PER_AXIS) {
      int all = (int) Math.pow(perAxis, count);
      for (int g = 0; g < all; g++) {
        int place = g;
        places.add(at(j -> place / (int) Math.pow(perAxis, j) % perAxis / (perAxis - 1.0)));
      }
      places.add(at(_ -> 0.5));
    } else {
      for (int axis = 0; axis < count; axis++) {
        for (int i = 0; i < LINE; i++) {
          int along = axis;
          double part = i / (LINE - 1.0);
          places.add(at(j -> j == along ? part : 0.5));
        }
      }
    }
    return places.toArray(double[][]::new);
  }

  private interface Part {
    double of(int axis);
  }

  /** The place at a part of each axis, 0 to 1. */
  private double[] at(Part part) {
    return IntStream.range(0, low.length)
        .mapToDouble(j -> {
          double p = part.of(j);
          return p == 1 ? high[j] : low[j] + (high[j] - low[j]) * p;
        })
        .toArray();
  }
}
