package org.kat4j.explain.symbolic;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import org.kat4j.explain.symbolic.Expression.Call;
import org.kat4j.explain.symbolic.Expression.Constant;
import org.kat4j.explain.symbolic.Expression.Power;
import org.kat4j.explain.symbolic.Expression.Product;
import org.kat4j.explain.symbolic.Expression.Sum;
import org.kat4j.explain.symbolic.Expression.Variable;
import org.kat4j.function.kan.SymbolicFunction;

/** Formulas as text that {@link FormulaParser} reads again, and as LaTeX. */
public enum Notation {
  TEXT(17) {
    @Override
    String fraction(String above, String below, boolean simple) {
      return above + "/" + (simple ? below : "(" + below + ")");
    }

    @Override
    String power(String base, String exponent) {
      return base + "^" + (exponent.startsWith("-") ? "(" + exponent + ")" : exponent);
    }

    @Override
    String root(String x) {
      return "sqrt(" + x + ")";
    }

    @Override
    String function(SymbolicFunction f, String x) {
      return f.symbol() + "(" + x + ")";
    }

    @Override
    String name(String variable) {
      return variable;
    }
  },
  LATEX(6) {
    @Override
    String fraction(String above, String below, boolean simple) {
      return "\\frac{" + above + "}{" + below + "}";
    }

    @Override
    String power(String base, String exponent) {
      return base + "^{" + exponent + "}";
    }

    @Override
    String root(String x) {
      return "\\sqrt{" + x + "}";
    }

    @Override
    String function(SymbolicFunction f, String x) {
      return switch (f) {
        case EXP -> "e^{" + x + "}";
        case GAUSSIAN -> "e^{-" + brackets(x) + "^{2}}";
        case ABS -> "\\left|" + x + "\\right|";
        case ARCTANH -> "\\operatorname{artanh}" + brackets(x);
        default -> "\\" + f.symbol() + brackets(x);
      };
    }

    @Override
    String name(String variable) {
      return variable.length() == 1
          ? variable
          : "\\mathrm{" + variable.replaceAll("([\\\\{}$&#%_^~])", "\\\\$1") + "}";
    }

    @Override
    String times() {
      return " \\, ";
    }

    @Override
    String pi() {
      return "\\pi";
    }

    @Override
    String brackets(String x) {
      return "\\left(" + x + "\\right)";
    }
  };

  private static final int[] PARTS_OF_PI = {1, 2, 3, 4, 6};
  private static final int MAX_MULTIPLE_OF_PI = 100;

  private final int digits;

  Notation(int digits) {
    this.digits = digits;
  }

  abstract String fraction(String above, String below, boolean simple);

  abstract String power(String base, String exponent);

  abstract String root(String x);

  abstract String function(SymbolicFunction f, String x);

  abstract String name(String variable);

  String times() {
    return "*";
  }

  String pi() {
    return "pi";
  }

  String brackets(String x) {
    return "(" + x + ")";
  }

  /** The formula in this notation. */
  public String of(Expression e) {
    return switch (e) {
      case Constant(double value) -> number(value);
      case Variable(var name, _) -> name(name);
      case Sum(var terms) -> sum(terms);
      case Product(var factors) -> product(factors);
      case Power power -> product(List.of(power));
      case Call(var function, var argument) -> function(function, of(argument));
    };
  }

  private String sum(List<Expression> terms) {
    var text = new StringBuilder();
    for (Expression term : terms) {
      String next = of(term);
      if (text.isEmpty()) {
        text.append(next);
      } else if (next.startsWith("-")) {
        text.append(" - ").append(next.substring(1));
      } else {
        text.append(" + ").append(next);
      }
    }
    return text.toString();
  }

  private String product(List<Expression> factors) {
    List<Expression> above = new ArrayList<>();
    List<Expression> below = new ArrayList<>();
    String sign = "";
    for (Expression factor : factors) {
      switch (factor) {
        case Constant(double value) when value < 0 -> {
          sign = "-";
          if (value != -1) {
            above.add(new Constant(-value));
          }
        }
        case Power(var base, double exponent) when exponent < 0 ->
            below.add(exponent == -1 ? base : new Power(base, -exponent));
        default -> above.add(factor);
      }
    }
    String numerator = above.isEmpty() ? "1" : joined(above, below.isEmpty());
    if (below.isEmpty()) {
      return sign + numerator;
    }
    boolean simple = below.size() == 1 && !(below.getFirst() instanceof Sum);
    String denominator =
        below.size() == 1 && below.getFirst() instanceof Sum
            ? of(below.getFirst())
            : joined(below, false);
    return sign + fraction(numerator, denominator, simple);
  }

  private String joined(List<Expression> factors, boolean alone) {
    if (factors.size() == 1 && alone && !(factors.getFirst() instanceof Power)) {
      return factors.getFirst() instanceof Sum
          ? brackets(of(factors.getFirst()))
          : of(factors.getFirst());
    }
    var text = new StringBuilder();
    for (Expression factor : factors) {
      String next =
          switch (factor) {
            case Sum sum -> brackets(of(sum));
            case Power(var base, double exponent) when exponent == 0.5 -> root(of(base));
            case Power(var base, double exponent) ->
                power(base instanceof Variable ? of(base) : brackets(of(base)), number(exponent));
            default -> of(factor);
          };
      text.append(text.isEmpty() ? "" : times()).append(next);
    }
    return text.toString();
  }

  /** A number, as a multiple of pi where it is one to the last bits. */
  private String number(double value) {
    for (int part : PARTS_OF_PI) {
      double multiple = Math.rint(value / Math.PI * part);
      double size = Math.abs(multiple);
      if (size >= 1
          && size <= MAX_MULTIPLE_OF_PI
          && Math.abs(multiple * Math.PI / part - value) <= 2 * Math.ulp(value)) {
        String above = (multiple < 0 ? "-" : "") + (size == 1 ? "" : (long) size + times()) + pi();
        return part == 1 ? above : fraction(above, Integer.toString(part), true);
      }
    }
    if (value == Math.rint(value) && Math.abs(value) < 1e9) {
      return Long.toString((long) value);
    }
    BigDecimal exact = new BigDecimal(Double.toString(value)).round(new MathContext(digits));
    double size = Math.abs(value);
    if (size >= 1e-4 && size < 1e9) {
      return exact.stripTrailingZeros().toPlainString();
    }
    String[] parts = String.format("%s", exact.doubleValue()).split("E", -1);
    if (parts.length < 2) {
      return parts[0];
    }
    return this == TEXT ? parts[0] + "e" + parts[1] : parts[0] + " \\cdot 10^{" + parts[1] + "}";
  }
}
