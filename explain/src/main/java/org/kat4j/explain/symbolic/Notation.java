package org.kat4j.explain.symbolic;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.kat4j.explain.symbolic.Expression.Call;
import org.kat4j.explain.symbolic.Expression.Constant;
import org.kat4j.explain.symbolic.Expression.Power;
import org.kat4j.explain.symbolic.Expression.Product;
import org.kat4j.explain.symbolic.Expression.Sum;
import org.kat4j.explain.symbolic.Expression.Variable;
import org.kat4j.function.kan.SymbolicFunction;

/**
 * Formulas as text that {@link FormulaParser} reads again as the same function, and as LaTeX.
 *
 * <p>Every part is printed with how tightly it holds together, and gets brackets where it stands
 * beside something that holds tighter.
 */
public enum Notation {
  TEXT {
    @Override
    Piece fraction(Piece above, Piece below) {
      return new Piece(
          above.in(this, Hold.PRODUCT) + "/" + below.in(this, Hold.POWER), Hold.PRODUCT);
    }

    @Override
    Piece power(Piece base, Piece exponent) {
      return new Piece(base.in(this, Hold.ATOM) + "^" + exponent.in(this, Hold.ATOM), Hold.POWER);
    }

    @Override
    Piece root(String x) {
      return new Piece("sqrt(" + x + ")", Hold.ATOM);
    }

    @Override
    Piece function(SymbolicFunction f, Piece x) {
      return new Piece(f.symbol() + "(" + x.text + ")", Hold.ATOM);
    }

    @Override
    Piece exponential(Piece x) {
      return new Piece("exp(" + x.text + ")", Hold.ATOM);
    }

    @Override
    String name(String variable) {
      return variable;
    }

    @Override
    Piece scientific(String digits, String exponent) {
      return new Piece(digits + "e" + exponent, Hold.ATOM);
    }
  },
  LATEX {
    @Override
    Piece fraction(Piece above, Piece below) {
      return new Piece("\\frac{" + above.text + "}{" + below.text + "}", Hold.PRODUCT);
    }

    @Override
    Piece power(Piece base, Piece exponent) {
      return new Piece(base.in(this, Hold.ATOM) + "^{" + exponent.text + "}", Hold.POWER);
    }

    @Override
    Piece root(String x) {
      return new Piece("\\sqrt{" + x + "}", Hold.POWER);
    }

    @Override
    Piece function(SymbolicFunction f, Piece x) {
      return switch (f) {
        case ABS -> new Piece("\\left|" + x.text + "\\right|", Hold.ATOM);
        case ARCTANH -> new Piece("\\operatorname{artanh}" + brackets(x.text), Hold.POWER);
        default -> new Piece("\\" + f.symbol() + brackets(x.text), Hold.POWER);
      };
    }

    @Override
    Piece exponential(Piece x) {
      return new Piece("e^{" + x.text + "}", Hold.POWER);
    }

    @Override
    String name(String variable) {
      if (variable.length() == 1) {
        return variable;
      }
      int underscore = variable.indexOf('_');
      return underscore == 1 && variable.chars().skip(2).allMatch(c -> c >= '0' && c <= '9')
          ? variable.charAt(0) + "_{" + variable.substring(2) + "}"
          : "\\mathrm{" + variable.replaceAll("([\\\\{}$&#%_^~])", "\\\\$1") + "}";
    }

    @Override
    Piece scientific(String digits, String exponent) {
      return new Piece(digits + " \\cdot 10^{" + exponent + "}", Hold.PRODUCT);
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

  /** How tightly a printed part holds together, loosest first. */
  private enum Hold {
    SUM,
    /** A product with a minus before it. */
    SIGNED,
    PRODUCT,
    POWER,
    ATOM
  }

  /** A printed part. */
  private record Piece(String text, Hold hold) {
    /** The part where at least this hold is needed. */
    String in(Notation notation, Hold least) {
      return hold.compareTo(least) < 0 ? notation.brackets(text) : text;
    }

    Piece negative(Notation notation) {
      return new Piece("-" + in(notation, Hold.PRODUCT), Hold.SIGNED);
    }
  }

  private static final int[] PARTS_OF_PI = {1, 2, 3, 4, 6};
  private static final int MAX_MULTIPLE_OF_PI = 100;
  private static final double WRITTEN_OUT_FROM = 1e-4;
  private static final double WRITTEN_OUT_TO = 1e9;

  abstract Piece fraction(Piece above, Piece below);

  abstract Piece power(Piece base, Piece exponent);

  abstract Piece root(String x);

  abstract Piece function(SymbolicFunction f, Piece x);

  abstract Piece exponential(Piece x);

  abstract String name(String variable);

  abstract Piece scientific(String digits, String exponent);

  String times() {
    return "*";
  }

  String pi() {
    return "pi";
  }

  String brackets(String x) {
    return "(" + x + ")";
  }

  /**
   * The formula in this notation.
   *
   * @throws IllegalArgumentException when it holds a number that is not finite
   */
  public String of(Expression e) {
    return piece(e).text;
  }

  private Piece piece(Expression e) {
    return switch (e) {
      case Constant(double value) -> value < 0 ? number(-value).negative(this) : number(value);
      case Variable(var name, _) -> new Piece(name(name), Hold.ATOM);
      case Sum(var terms) -> sum(terms);
      case Product(var factors) -> product(factors);
      case Power power -> product(List.of(power));
      case Call(var function, var argument) -> call(function, argument);
    };
  }

  private Piece call(SymbolicFunction function, Expression x) {
    return switch (function) {
      case ZERO -> number(0);
      case IDENTITY -> piece(x);
      case EXP -> exponential(piece(x));
      case GAUSSIAN -> exponential(power(piece(x), number(2)).negative(this));
      default -> {
        double exponent = Algebra.exponent(function);
        yield Double.isNaN(exponent) ? function(function, piece(x)) : piece(new Power(x, exponent));
      }
    };
  }

  private Piece sum(List<Expression> terms) {
    if (terms.isEmpty()) {
      return number(0);
    }
    if (terms.size() == 1) {
      return piece(terms.getFirst());
    }
    var text = new StringBuilder();
    for (Expression term : terms) {
      String next = piece(term).text;
      if (text.isEmpty()) {
        text.append(next);
      } else if (next.startsWith("-")) {
        text.append(" - ").append(next.substring(1));
      } else {
        text.append(" + ").append(next);
      }
    }
    return new Piece(text.toString(), Hold.SUM);
  }

  private Piece product(List<Expression> factors) {
    List<Piece> above = new ArrayList<>();
    List<Piece> below = new ArrayList<>();
    boolean negative = false;
    for (Expression factor : factors) {
      switch (factor) {
        case Constant(double value) -> {
          negative ^= value < 0;
          if (Math.abs(value) != 1) {
            above.add(number(Math.abs(value)));
          }
        }
        case Power(var base, double exponent) when exponent < 0 ->
            below.add(exponent == -1 ? piece(base) : raised(base, -exponent));
        case Power(var base, double exponent) -> above.add(raised(base, exponent));
        default -> above.add(piece(factor));
      }
    }
    Piece all = joined(above);
    if (!below.isEmpty()) {
      all = fraction(all, joined(below));
    }
    return negative ? all.negative(this) : all;
  }

  private Piece raised(Expression base, double exponent) {
    if (exponent == 0.5) {
      return root(of(base));
    }
    return exponent == 1 ? piece(base) : power(piece(base), piece(new Constant(exponent)));
  }

  private Piece joined(List<Piece> factors) {
    if (factors.isEmpty()) {
      return number(1);
    }
    if (factors.size() == 1) {
      return factors.getFirst();
    }
    List<String> texts = factors.stream().map(factor -> factor.in(this, Hold.PRODUCT)).toList();
    return new Piece(String.join(times(), texts), Hold.PRODUCT);
  }

  /** A number from 0, as a multiple of pi where it is one to the last bits. */
  private Piece number(double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("a formula with the constant " + value);
    }
    for (int part : PARTS_OF_PI) {
      double multiple = Math.rint(value / Math.PI * part);
      if (multiple >= 1
          && multiple <= MAX_MULTIPLE_OF_PI
          && Math.abs(multiple * Math.PI / part - value) <= 2 * Math.ulp(value)) {
        Piece above =
            multiple == 1
                ? new Piece(pi(), Hold.ATOM)
                : new Piece((long) multiple + times() + pi(), Hold.PRODUCT);
        return part == 1 ? above : fraction(above, new Piece(Integer.toString(part), Hold.ATOM));
      }
    }
    if (value == Math.rint(value) && value < WRITTEN_OUT_TO) {
      return new Piece(Long.toString((long) value), Hold.ATOM);
    }
    String digits = Double.toString(value);
    if (value >= WRITTEN_OUT_FROM && value < WRITTEN_OUT_TO) {
      String plain = new BigDecimal(digits).stripTrailingZeros().toPlainString();
      return new Piece(plain, Hold.ATOM);
    }
    String[] parts = digits.split("E", -1);
    return parts.length < 2 ? new Piece(parts[0], Hold.ATOM) : scientific(parts[0], parts[1]);
  }
}
