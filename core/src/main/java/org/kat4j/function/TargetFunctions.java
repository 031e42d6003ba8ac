package org.kat4j.function;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.kat4j.error.NearestName;
import org.kat4j.error.UserException;

/** Known scalar functions by name, in double precision: what a learnable function can start as. */
public final class TargetFunctions {
  private static final Map<String, DoubleUnaryOperator> FUNCTIONS = new LinkedHashMap<>();

  static {
    FUNCTIONS.put("identity", x -> x);
    FUNCTIONS.put("relu", x -> Math.max(x, 0));
    FUNCTIONS.put("leaky_relu", x -> x > 0 ? x : 0.01 * x);
    FUNCTIONS.put("leaky_relu_0.1", x -> x > 0 ? x : 0.1 * x);
    FUNCTIONS.put("gelu", TargetFunctions::gelu);
    FUNCTIONS.put("silu", x -> x * sigmoid(x));
    FUNCTIONS.put("swish", x -> x * sigmoid(x));
    FUNCTIONS.put("mish", x -> x * Math.tanh(softplus(x)));
    FUNCTIONS.put("tanh", Math::tanh);
    FUNCTIONS.put("sigmoid", TargetFunctions::sigmoid);
    FUNCTIONS.put("softplus", TargetFunctions::softplus);
    FUNCTIONS.put("geglu", x -> x * gelu(x));
    FUNCTIONS.put("reglu", x -> x * Math.max(x, 0));
    FUNCTIONS.put("swishglu", x -> x * x * sigmoid(x));
    FUNCTIONS.put("sin5x", x -> Math.sin(5 * x));
    FUNCTIONS.put(
        "erfc_Softplus_2",
        x -> {
          double erfc = 1 - erf(softplus(x));
          return erfc * erfc;
        });
  }

  private TargetFunctions() {}

  /**
   * The function of this name.
   *
   * @throws UserException when there is none; the message names the nearest
   */
  public static DoubleUnaryOperator named(String name) {
    DoubleUnaryOperator function = FUNCTIONS.get(name);
    if (function == null) {
      throw NearestName.unknown("function", name, FUNCTIONS.keySet());
    }
    return function;
  }

  public static List<String> names() {
    return List.copyOf(FUNCTIONS.keySet());
  }

  /** The error function, to a few units in the last place. */
  static double erf(double x) {
    double square = x * x;
    if (square >= 36) {
      return Math.signum(x); // 1 - erf(6) is 2e-17
    }
    // erf x = 2/sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1) / (1 3 5 ... (2n+1)): all terms of one sign
    double term = x;
    double sum = x;
    for (int odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
      term *= 2 * square / odd;
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-square) * sum;
  }

  private static double gelu(double x) {
    return x / 2 * (1 + erf(x / Math.sqrt(2)));
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }
}
