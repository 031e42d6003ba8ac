package org.kat4j.explain.symbolic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.kat4j.explain.symbolic.Expression.Call;
import org.kat4j.explain.symbolic.Expression.Constant;
import org.kat4j.explain.symbolic.Expression.Power;
import org.kat4j.explain.symbolic.Expression.Product;
import org.kat4j.explain.symbolic.Expression.Sum;
import org.kat4j.explain.symbolic.Expression.Variable;

/**
 * A formula's values at many rows, and their derivatives by each of its constants: forwards through
 * the formula for the values, backwards for the derivatives. Exponents that are small numbers stay
 * what they are.
 */
final class Gradient {
  private static final double DIFFERENCE = 1e-6;

  private final Node root;
  private final double[][] rows;
  private final List<Double> constants = new ArrayList<>();

  /** A part of the formula; its values at all rows are those of the last pass. */
  private static final class Node {
    private final Expression part;
    private final List<Node> children;
    private final int constant; // its place among all, for a constant or an exponent; else -1
    private double[] values = {};
    private double exponent; // of a power, in the last pass

    Node(Expression part, List<Node> children, int constant) {
      this.part = part;
      this.children = children;
      this.constant = constant;
    }
  }

  Gradient(Expression formula, double[][] rows) {
    this.rows = rows;
    root = node(formula);
  }

  private Node node(Expression e) {
    return switch (e) {
      case Constant(double value) -> {
        constants.add(value);
        yield new Node(e, List.of(), constants.size() - 1);
      }
      case Variable _ -> new Node(e, List.of(), -1);
      case Sum(var terms) -> new Node(e, terms.stream().map(this::node).toList(), -1);
      case Product(var factors) -> new Node(e, factors.stream().map(this::node).toList(), -1);
      case Power(var base, double exponent) -> {
        Node below = node(base);
        boolean meant = Rounding.known(exponent);
        if (!meant) {
          constants.add(exponent);
        }
        yield new Node(e, List.of(below), meant ? -1 : constants.size() - 1);
      }
      case Call(_, var x) -> new Node(e, List.of(node(x)), -1);
    };
  }

  /** The constants in the order of the derivatives. */
  double[] constants() {
    return constants.stream().mapToDouble(c -> c).toArray();
  }

  /** The formula with these constants, simplified. */
  Expression with(double[] numbers) {
    return Leaves.mapConstants(with(root, numbers), value -> value);
  }

  private static Expression with(Node node, double[] numbers) {
    List<Expression> parts = node.children.stream().map(child -> with(child, numbers)).toList();
    return switch (node.part) {
      case Constant _ -> new Constant(numbers[node.constant]);
      case Variable variable -> variable;
      case Sum _ -> new Sum(parts);
      case Product _ -> new Product(parts);
      case Power(_, double exponent) ->
          new Power(parts.getFirst(), node.constant < 0 ? exponent : numbers[node.constant]);
      case Call(var function, _) -> new Call(function, parts.getFirst());
    };
  }

  /** Values at all rows. */
  double[] values(double[] numbers) {
    return forward(root, numbers).clone();
  }

  private double[] forward(Node node, double[] numbers) {
    double[] values = new double[rows.length];
    switch (node.part) {
      case Constant _ -> Arrays.fill(values, numbers[node.constant]);
      case Variable(_, int column) -> Arrays.setAll(values, i -> rows[i][column]);
      case Sum _ -> {
        for (Node child : node.children) {
          double[] term = forward(child, numbers);
          for (int i = 0; i < values.length; i++) {
            values[i] += term[i];
          }
        }
      }
      case Product _ -> {
        Arrays.fill(values, 1);
        for (Node child : node.children) {
          multiply(values, forward(child, numbers));
        }
      }
      case Power(_, double given) -> {
        double[] base = forward(node.children.getFirst(), numbers);
        double exponent = node.constant < 0 ? given : numbers[node.constant];
        node.exponent = exponent;
        Arrays.setAll(values, i -> Math.pow(base[i], exponent));
      }
      case Call(var function, _) -> {
        double[] x = forward(node.children.getFirst(), numbers);
        Arrays.setAll(values, i -> function.at(x[i]));
      }
    }
    node.values = values;
    return values;
  }

  /** {@code [constant][row]}, after {@link #values}; 0 where a derivative does not exist. */
  double[][] derivatives() {
    double[][] found = new double[constants.size()][];
    double[] ones = new double[rows.length];
    Arrays.fill(ones, 1);
    backward(root, ones, found);
    return found;
  }

  private static void backward(Node node, double[] outer, double[][] found) {
    switch (node.part) {
      case Constant _ -> found[node.constant] = finite(outer);
      case Variable _ -> {}
      case Sum _ -> node.children.forEach(child -> backward(child, outer, found));
      case Product _ -> {
        for (Node child : node.children) {
          double[] others = outer.clone();
          node.children.stream().filter(c -> c != child).forEach(c -> multiply(others, c.values));
          backward(child, others, found);
        }
      }
      case Power _ -> {
        double[] base = node.children.getFirst().values;
        double exponent = node.exponent;
        if (node.constant >= 0) {
          double[] own = new double[outer.length];
          Arrays.setAll(own, i -> outer[i] * node.values[i] * Math.log(base[i]));
          found[node.constant] = finite(own);
        }
        double[] inner = new double[outer.length];
        Arrays.setAll(inner, i -> outer[i] * exponent * Math.pow(base[i], exponent - 1));
        backward(node.children.getFirst(), inner, found);
      }
      case Call(var function, _) -> {
        double[] x = node.children.getFirst().values;
        double[] inner = new double[outer.length];
        Arrays.setAll(
            inner,
            i -> {
              double step = DIFFERENCE * Math.max(1, Math.abs(x[i]));
              return outer[i] * (function.at(x[i] + step) - function.at(x[i] - step)) / (2 * step);
            });
        backward(node.children.getFirst(), inner, found);
      }
    }
  }

  private static double[] finite(double[] values) {
    return Arrays.stream(values).map(v -> Double.isFinite(v) ? v : 0).toArray();
  }

  private static void multiply(double[] values, double[] by) {
    for (int i = 0; i < values.length; i++) {
      values[i] *= by[i];
    }
  }
}
