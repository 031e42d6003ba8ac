package org.kat4j.explain.symbolic;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.kat4j.error.NearestName;
import org.kat4j.error.UserException;
import org.kat4j.explain.symbolic.Expression.Constant;
import org.kat4j.function.kan.SymbolicFunction;

/**
 * Reads formulas such as {@code exp(sin(pi*x)+y^2)}: + - * / ^ (or **), brackets, numbers, {@code
 * pi} and {@code e}, the usual functions, and variables. Length and depth are bounded.
 */
public final class FormulaParser {
  private static final int MAX_LENGTH = 20_000;
  private static final int MAX_DEPTH = 100;

  private static final Map<String, SymbolicFunction> FUNCTIONS =
      Map.ofEntries(
          Map.entry("exp", SymbolicFunction.EXP),
          Map.entry("log", SymbolicFunction.LOG),
          Map.entry("ln", SymbolicFunction.LOG),
          Map.entry("sqrt", SymbolicFunction.ROOT),
          Map.entry("abs", SymbolicFunction.ABS),
          Map.entry("sin", SymbolicFunction.SIN),
          Map.entry("cos", SymbolicFunction.COS),
          Map.entry("tan", SymbolicFunction.TAN),
          Map.entry("tanh", SymbolicFunction.TANH),
          Map.entry("gaussian", SymbolicFunction.GAUSSIAN),
          Map.entry("arcsin", SymbolicFunction.ARCSIN),
          Map.entry("arccos", SymbolicFunction.ARCCOS),
          Map.entry("arctan", SymbolicFunction.ARCTAN),
          Map.entry("arctanh", SymbolicFunction.ARCTANH),
          Map.entry("asin", SymbolicFunction.ARCSIN),
          Map.entry("acos", SymbolicFunction.ARCCOS),
          Map.entry("atan", SymbolicFunction.ARCTAN),
          Map.entry("atanh", SymbolicFunction.ARCTANH));

  private final String text;
  private final List<String> variables;
  private int at;
  private int depth;

  private FormulaParser(String text, List<String> variables) {
    this.text = text;
    this.variables = variables;
  }

  /**
   * Reads a formula.
   *
   * @param variables the names it may use; their places are the columns
   * @throws UserException saying what is wrong and at which character
   */
  public static Expression parse(String text, List<String> variables) {
    if (text.length() > MAX_LENGTH) {
      throw new UserException(
          "the formula has %,d characters; at most %,d".formatted(text.length(), MAX_LENGTH));
    }
    var parser = new FormulaParser(text, variables);
    Expression all = parser.sum();
    if (parser.peek() != 0) {
      throw parser.mistake("'" + parser.peek() + "' is not expected here");
    }
    if (!Leaves.constants(all).stream().allMatch(Double::isFinite)) {
      throw new UserException(
          "the formula holds a part that is no finite number, such as 1/0 or log(-1)");
    }
    return all;
  }

  /**
   * Whether a text is read as the name of a variable and as nothing else: a letter, then letters,
   * digits and underscores; no function and no constant.
   */
  static boolean isName(String text) {
    return !text.isEmpty()
        && (Character.isLetter(text.charAt(0)) || text.charAt(0) == '_')
        && text.chars().allMatch(c -> Character.isLetterOrDigit((char) c) || c == '_')
        && !FUNCTIONS.containsKey(text.toLowerCase(Locale.ROOT))
        && !text.equals("pi")
        && !text.equals("e");
  }

  private Expression sum() {
    if (++depth > MAX_DEPTH) {
      throw mistake("nested more than " + MAX_DEPTH + " deep");
    }
    List<Expression> terms = new ArrayList<>(List.of(product()));
    while (peek() == '+' || peek() == '-') {
      double sign = take() == '+' ? 1 : -1;
      terms.add(Algebra.product(new Constant(sign), product()));
    }
    depth--;
    return Algebra.sum(terms);
  }

  private Expression product() {
    List<Expression> factors = new ArrayList<>(List.of(signed()));
    while ((peek() == '*' && !text.startsWith("**", at)) || peek() == '/') {
      boolean divide = take() == '/';
      Expression next = signed();
      factors.add(divide ? Algebra.power(next, -1) : next);
    }
    return Algebra.product(factors);
  }

  private Expression signed() {
    double sign = 1;
    while (peek() == '-' || peek() == '+') {
      sign *= take() == '-' ? -1 : 1;
    }
    Expression power = power();
    return sign < 0 ? Algebra.product(new Constant(-1), power) : power;
  }

  private Expression power() {
    Expression base = atom();
    if (peek() == '^' || text.startsWith("**", at)) {
      at += text.charAt(at) == '^' ? 1 : 2;
      if (++depth > MAX_DEPTH) {
        throw mistake("nested more than " + MAX_DEPTH + " deep");
      }
      Expression exponent = signed();
      depth--;
      return exponent instanceof Constant(double value)
          ? Algebra.power(base, value)
          : Algebra.call(
              SymbolicFunction.EXP,
              Algebra.product(exponent, Algebra.call(SymbolicFunction.LOG, base)));
    }
    return base;
  }

  private Expression atom() {
    char c = peek();
    if (c == '(') {
      return inBrackets();
    }
    if (Character.isDigit(c) || c == '.') {
      return number();
    }
    if (Character.isLetter(c) || c == '_') {
      return named(name());
    }
    throw mistake(c == 0 ? "it ends too early" : "'" + c + "' is not expected here");
  }

  private Expression named(String name) {
    int column = variables.indexOf(name);
    if (column >= 0) {
      return new Expression.Variable(name, column);
    }
    SymbolicFunction function = FUNCTIONS.get(name.toLowerCase(Locale.ROOT));
    if (function != null) {
      if (peek() != '(') {
        throw mistake(name + " needs brackets");
      }
      return Algebra.call(function, inBrackets());
    }
    return switch (name) {
      case "pi" -> new Constant(Math.PI);
      case "e" -> new Constant(Math.E);
      default -> {
        List<String> known = new ArrayList<>(variables);
        known.addAll(FUNCTIONS.keySet().stream().sorted().toList());
        throw NearestName.unknown("name in the formula", name, known);
      }
    };
  }

  private Expression inBrackets() {
    take();
    Expression inner = sum();
    if (peek() != ')') {
      throw mistake("a bracket is not closed");
    }
    take();
    return inner;
  }

  private Expression number() {
    int start = at;
    while (at < text.length() && (Character.isDigit(text.charAt(at)) || text.charAt(at) == '.')) {
      at++;
    }
    if (at < text.length() && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
      int sign = at + 1 < text.length() && "+-".indexOf(text.charAt(at + 1)) >= 0 ? 1 : 0;
      if (at + 1 + sign < text.length() && Character.isDigit(text.charAt(at + 1 + sign))) {
        at += 1 + sign;
        while (at < text.length() && Character.isDigit(text.charAt(at))) {
          at++;
        }
      }
    }
    try {
      return new Constant(Double.parseDouble(text.substring(start, at)));
    } catch (NumberFormatException e) {
      throw mistake("'" + text.substring(start, at) + "' is not a number");
    }
  }

  private String name() {
    int start = at;
    while (at < text.length()
        && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_')) {
      at++;
    }
    return text.substring(start, at);
  }

  /** The next character that is no blank and in no comment, # to the line's end; 0 at the end. */
  private char peek() {
    while (at < text.length()
        && (Character.isWhitespace(text.charAt(at)) || text.charAt(at) == '#')) {
      boolean comment = text.charAt(at) == '#';
      int end = comment ? text.indexOf('\n', at) : at + 1;
      at = end < 0 ? text.length() : end;
    }
    return at < text.length() ? text.charAt(at) : 0;
  }

  private char take() {
    return text.charAt(at++);
  }

  private UserException mistake(String what) {
    return new UserException("formula, character %d: %s".formatted(at + 1, what));
  }
}
