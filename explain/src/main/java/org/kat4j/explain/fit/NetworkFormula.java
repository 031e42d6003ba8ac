package org.kat4j.explain.fit;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.kat4j.explain.symbolic.Algebra;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.function.kan.PykanNetwork;
import org.kat4j.function.kan.SymbolicEdges.Form;
import org.kat4j.function.kan.SymbolicFunction;

/** A network whose edges are all named functions, as a formula. */
final class NetworkFormula {
  private NetworkFormula() {}

  /** The formula on the scales of the data. */
  static Expression of(PykanNetwork network, FitData data) {
    List<Expression> nodes =
        IntStream.range(0, data.features().size()).mapToObj(j -> scaledInput(data, j)).toList();
    double[] typical = data.train().inputs()[0];
    for (int l = 0; l < network.layers().size(); l++) {
      List<Expression> next = new ArrayList<>();
      for (int o = 0; o < network.widths().get(l + 1).sums(); o++) {
        List<Expression> terms = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
          if (network.connected(l, i, o)) {
            terms.add(edge(network.symbolic().get(l).form(i, o), nodes.get(i), typical));
          }
        }
        next.add(Algebra.sum(terms));
      }
      nodes = next;
    }
    return Algebra.sum(
        Algebra.product(Algebra.constant(data.deviation()), nodes.getFirst()),
        Algebra.constant(data.mean()));
  }

  private static Expression scaledInput(FitData data, int j) {
    FitData.Range range = data.ranges().get(j);
    return Algebra.sum(
        Algebra.product(
            Algebra.constant(1 / range.half()),
            new Expression.Variable(data.symbols().names().get(j), j)),
        Algebra.constant(-range.middle() / range.half()));
  }

  /** c f(a x + b) + d. */
  private static Expression edge(Form form, Expression x, double[] typical) {
    Expression inner =
        Algebra.sum(Algebra.product(Algebra.constant(form.a()), x), Algebra.constant(form.b()));
    if (takesAbsoluteValue(form.function()) && inner.at(typical) < 0) {
      inner = Algebra.product(Algebra.constant(-1), inner);
    }
    return Algebra.sum(
        Algebra.product(Algebra.constant(form.c()), Algebra.call(form.function(), inner)),
        Algebra.constant(form.d()));
  }

  /** Networks train roots and logarithms of the absolute value. */
  private static boolean takesAbsoluteValue(SymbolicFunction function) {
    return switch (function) {
      case ROOT, INVERSE_ROOT, POWER_3_2, LOG -> true;
      default -> false;
    };
  }
}
